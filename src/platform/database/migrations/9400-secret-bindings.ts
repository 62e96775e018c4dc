import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A seal over what a row says of a secret (`binding`): the server makes it when it first starts, because the database has no key. And what
 * the last delivery had against a secret, for people.
 */
export class SecretBindings1700000009400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE provider_secrets
        ADD COLUMN binding bytea CHECK (octet_length(binding) = 32),
        ADD COLUMN problem_code text,
        ADD COLUMN problem_since timestamptz,
        ADD CONSTRAINT provider_secrets_problem CHECK ((problem_code IS NULL) = (problem_since IS NULL));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE provider_secrets
        DROP CONSTRAINT provider_secrets_problem,
        DROP COLUMN problem_since,
        DROP COLUMN problem_code,
        DROP COLUMN binding;
    `);
  }
}
