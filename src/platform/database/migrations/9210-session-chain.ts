import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which sessions are one process, so that stopping one stops it; and which borrow no more, because their process left its key's models. */
export class SessionChain1700000009210 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The first session of the process; none: this one is. Without a foreign key: it was read and locked when this one was made.
      ALTER TABLE sessions ADD COLUMN process_id uuid, ADD COLUMN barred_by text;
      CREATE INDEX sessions_process ON sessions (organization_id, process_id) WHERE process_id IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX sessions_process;
      ALTER TABLE sessions DROP COLUMN process_id, DROP COLUMN barred_by;
    `);
  }
}
