import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which request gave a key its secret: asked for again, it replaces that one and not the secret that agents still use. */
export class RotationRetries1700000009750 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE iron_cage_keys ADD COLUMN rotation_request_id uuid, ADD COLUMN rotation_request_hash bytea;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE iron_cage_keys DROP COLUMN rotation_request_hash, DROP COLUMN rotation_request_id;
    `);
  }
}
