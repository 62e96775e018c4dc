import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A session that a person stopped is told from one that ended by itself: its process must not start another. */
export class KilledSessions1700000007100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions ADD COLUMN killed_by text,
        ADD CONSTRAINT sessions_killed_has_ended CHECK (killed_by IS NULL OR ended_at IS NOT NULL);
      CREATE INDEX sessions_key ON sessions (organization_id, key_id, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX sessions_key;
      ALTER TABLE sessions DROP COLUMN killed_by;
    `);
  }
}
