import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When each organization's ledger was last recomputed, and what came of it. */
export class LedgerAudits1700000005500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger_audits (
        organization_id uuid PRIMARY KEY REFERENCES organizations (id),
        checked_at timestamptz NOT NULL,
        findings int NOT NULL,
        report jsonb NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ledger_audits;`);
  }
}
