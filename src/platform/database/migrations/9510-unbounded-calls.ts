import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What agents do with calls whose cost is not in the request: set the most that they can cost aside, or refuse them. */
export class UnboundedCalls1700000009510 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE projects ADD COLUMN unbounded text NOT NULL DEFAULT 'cap' CHECK (unbounded IN ('cap', 'block'))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE projects DROP COLUMN unbounded');
  }
}
