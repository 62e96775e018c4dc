import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Projects, the keys that may run in them, and the agent sessions that do. The organization leads every key: it is the shard. */
export class Projects1700000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE projects (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
        state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'archived')),
        pause_reason text,
        tranche_nano bigint NOT NULL DEFAULT 500000000 CHECK (tranche_nano > 0),
        lease_ttl_seconds int NOT NULL DEFAULT 300 CHECK (lease_ttl_seconds BETWEEN 10 AND 86400),
        grace_seconds int NOT NULL DEFAULT 300 CHECK (grace_seconds BETWEEN 0 AND 86400),
        expiry_policy text NOT NULL DEFAULT 'return' CHECK (expiry_policy IN ('return', 'charge')),
        max_open_leases int NOT NULL DEFAULT 200 CHECK (max_open_leases BETWEEN 1 AND 10000),
        report_interval_seconds int NOT NULL DEFAULT 60 CHECK (report_interval_seconds BETWEEN 1 AND 3600),
        mode text NOT NULL DEFAULT 'enforce' CHECK (mode IN ('enforce', 'observe')),
        velocity_nano bigint CHECK (velocity_nano > 0),
        pii_email text NOT NULL DEFAULT 'block' CHECK (pii_email IN ('block', 'redact', 'warn', 'off')),
        pii_card text NOT NULL DEFAULT 'block' CHECK (pii_card IN ('block', 'redact', 'warn', 'off')),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, id)
      );
      CREATE UNIQUE INDEX projects_name_unique ON projects (organization_id, lower(name));
      CREATE TABLE iron_cage_keys (
        organization_id uuid NOT NULL,
        id text NOT NULL,
        project_id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
        environment text NOT NULL CHECK (environment IN ('dev', 'live')),
        hmac bytea NOT NULL,
        pepper_version int NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT iron_cage_keys_id_unique UNIQUE (id),
        CONSTRAINT iron_cage_keys_project FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id)
      );
      CREATE INDEX iron_cage_keys_project ON iron_cage_keys (organization_id, project_id);
      CREATE TABLE sessions (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        key_id text NOT NULL,
        ip text NOT NULL,
        agent jsonb NOT NULL,
        started_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id),
        FOREIGN KEY (organization_id, key_id) REFERENCES iron_cage_keys (organization_id, id)
      );
      CREATE INDEX sessions_open ON sessions (organization_id, project_id, last_seen_at) WHERE ended_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE sessions, iron_cage_keys, projects;`);
  }
}
