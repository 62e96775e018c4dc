import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys that behave strangely: what a project does about it, where each key is used now, what was found, and keys that are blocked. */
export class Anomalies1700000007110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE iron_cage_keys ADD COLUMN blocked_at timestamptz;
      CREATE TABLE anomaly_policies (
        organization_id uuid NOT NULL,
        project_id uuid NOT NULL,
        addresses text NOT NULL CHECK (addresses IN ('off', 'alert', 'pause', 'block')),
        velocity text NOT NULL CHECK (velocity IN ('off', 'alert', 'pause', 'block')),
        groups jsonb NOT NULL,
        PRIMARY KEY (organization_id, project_id),
        FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id)
      );
      CREATE TABLE key_places (
        organization_id uuid NOT NULL,
        key_id text NOT NULL,
        places jsonb NOT NULL,
        PRIMARY KEY (organization_id, key_id)
      );
      CREATE TABLE anomalies (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        key_id text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('addresses', 'velocity')),
        action text NOT NULL CHECK (action IN ('alert', 'pause', 'block')),
        summary text NOT NULL,
        evidence jsonb NOT NULL,
        times int NOT NULL DEFAULT 1,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        released_at timestamptz,
        released_by text,
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX anomalies_open ON anomalies (organization_id, key_id, kind) WHERE released_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE anomalies, key_places, anomaly_policies;
      ALTER TABLE iron_cage_keys DROP COLUMN blocked_at;
    `);
  }
}
