import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From when on a ledger may be recomputed by whoever comes; who was never checked has nothing else in its row. */
export class AuditsDue1700000009720 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ledger_audits
        ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
        ALTER COLUMN checked_at DROP NOT NULL,
        ALTER COLUMN findings DROP NOT NULL,
        ALTER COLUMN report DROP NOT NULL;
      ALTER TABLE ledger_audits ALTER COLUMN due_at DROP DEFAULT;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM ledger_audits WHERE checked_at IS NULL;
      ALTER TABLE ledger_audits
        DROP COLUMN due_at,
        ALTER COLUMN checked_at SET NOT NULL,
        ALTER COLUMN findings SET NOT NULL,
        ALTER COLUMN report SET NOT NULL;
    `);
  }
}
