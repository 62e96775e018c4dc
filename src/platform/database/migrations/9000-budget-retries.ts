import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tells a repetition from another request: for budgets and refills, and for a deposit that an approval has begun. */
export class BudgetRetries1700000009000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE budgets ADD COLUMN request_hash bytea;
      ALTER TABLE refills ADD COLUMN request_hash bytea;
      -- What an approval is depositing. Set before the money moves, so that whoever comes after a crash finishes with the same amount.
      ALTER TABLE budget_requests ADD COLUMN granting_nano bigint CHECK (granting_nano > 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE budget_requests DROP COLUMN granting_nano;
      ALTER TABLE refills DROP COLUMN request_hash;
      ALTER TABLE budgets DROP COLUMN request_hash;
    `);
  }
}
