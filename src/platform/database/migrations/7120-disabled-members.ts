import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A member is disabled in one organization; what the person is in others is none of its business. */
export class DisabledMembers1700000007120 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE members ADD COLUMN disabled_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE members DROP COLUMN disabled_at');
  }
}
