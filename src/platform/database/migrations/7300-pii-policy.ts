import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a project wants about personal data, in one value: only what differs from the defaults is in it. */
export class PiiPolicy1700000007300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE projects
        ADD COLUMN pii jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(pii) = 'object' AND char_length(pii::text) <= 65536);
      UPDATE projects SET pii = jsonb_build_object('email', pii_email, 'card', pii_card)
        WHERE pii_email <> 'block' OR pii_card <> 'block';
      ALTER TABLE projects DROP COLUMN pii_email, DROP COLUMN pii_card;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE projects
        ADD COLUMN pii_email text NOT NULL DEFAULT 'block' CHECK (pii_email IN ('block', 'redact', 'warn', 'off')),
        ADD COLUMN pii_card text NOT NULL DEFAULT 'block' CHECK (pii_card IN ('block', 'redact', 'warn', 'off'));
      UPDATE projects SET pii_email = coalesce(pii->>'email', 'block'), pii_card = coalesce(pii->>'card', 'block');
      ALTER TABLE projects DROP COLUMN pii;
    `);
  }
}
