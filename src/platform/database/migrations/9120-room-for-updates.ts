import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rows that every batch changes find room for their next version on their own page: then the change touches no index. With full pages
 * one of sixteen changes of an account did.
 */
export class RoomForUpdates1700000009120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE accounts SET (fillfactor = 30);
      ALTER TABLE budget_windows SET (fillfactor = 30);
      ALTER TABLE usage_rollup_progress SET (fillfactor = 30);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE accounts RESET (fillfactor);
      ALTER TABLE budget_windows RESET (fillfactor);
      ALTER TABLE usage_rollup_progress RESET (fillfactor);
    `);
  }
}
