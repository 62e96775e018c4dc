import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tells a repetition from another request: for own rates, keys and organizations, as for budgets. */
export class CreationRetries1700000009730 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE price_overrides ADD COLUMN request_hash bytea;
      ALTER TABLE organizations ADD COLUMN request_hash bytea;
      -- The id of a key is made by the server, since it is a part of the key.
      ALTER TABLE iron_cage_keys ADD COLUMN request_id uuid, ADD COLUMN request_hash bytea;
      CREATE UNIQUE INDEX iron_cage_keys_request ON iron_cage_keys (organization_id, request_id) WHERE request_id IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX iron_cage_keys_request;
      ALTER TABLE iron_cage_keys DROP COLUMN request_hash, DROP COLUMN request_id;
      ALTER TABLE organizations DROP COLUMN request_hash;
      ALTER TABLE price_overrides DROP COLUMN request_hash;
    `);
  }
}
