import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose ledger is being recomputed right now, and since when; who was never checked has a claim only. */
export class AuditClaims1700000009720 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ledger_audits
        ADD COLUMN claimed_at timestamptz,
        ALTER COLUMN checked_at DROP NOT NULL,
        ALTER COLUMN findings DROP NOT NULL,
        ALTER COLUMN report DROP NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM ledger_audits WHERE checked_at IS NULL;
      ALTER TABLE ledger_audits
        DROP COLUMN claimed_at,
        ALTER COLUMN checked_at SET NOT NULL,
        ALTER COLUMN findings SET NOT NULL,
        ALTER COLUMN report SET NOT NULL;
    `);
  }
}
