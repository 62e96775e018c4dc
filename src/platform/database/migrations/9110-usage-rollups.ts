import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sums of usage by minute, hour and day (UTC), and up to which number the usage of each project is in them. Usage of before has no sums
 * yet: a server makes them after its start, and until then what reads sums adds what is missing.
 */
export class UsageRollups1700000009110 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE usage_rollups (
        organization_id uuid NOT NULL,
        bucket text NOT NULL CHECK (bucket IN ('minute', 'hour', 'day')),
        start timestamptz NOT NULL,
        project_id uuid NOT NULL,
        key_id text NOT NULL,
        provider text NOT NULL,
        model text NOT NULL,
        calls bigint NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        cost_nano bigint NOT NULL,
        PRIMARY KEY (organization_id, bucket, start, project_id, key_id, provider, model)
      );
    `);
    await runner.query(`
      CREATE TABLE usage_rollup_progress (
        organization_id uuid NOT NULL,
        project_id uuid NOT NULL,
        number bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (organization_id, project_id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE usage_rollup_progress, usage_rollups;`);
  }
}
