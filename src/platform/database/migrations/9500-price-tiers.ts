import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Own rates may be dearer for long contexts, as those of the price table are. */
export class PriceTiers1700000009500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE price_overrides ADD COLUMN tiers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tiers) = 'array')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE price_overrides DROP COLUMN tiers');
  }
}
