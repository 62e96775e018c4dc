import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Master keys that a key management service wraps, the seal, and secrets that say where, for whom and how they may be used. Of a version
 * that was destroyed the row stays, without its bytes. A grant is a version in the hands of a session.
 */
export class VaultKeys1700000007200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE master_keys
        ADD COLUMN provider text,
        ADD COLUMN wrapped bytea,
        ADD CONSTRAINT master_keys_wrapped CHECK ((provider IS NULL) = (wrapped IS NULL));
      ALTER TABLE installation
        ADD COLUMN vault_sealed_at timestamptz,
        ADD COLUMN vault_sealed_by text;
      ALTER TABLE provider_secrets
        ADD COLUMN environment text NOT NULL DEFAULT 'any' CHECK (environment IN ('dev', 'live', 'any')),
        ADD COLUMN paths text[] NOT NULL DEFAULT '{}' CHECK (cardinality(paths) <= 16),
        ADD COLUMN header_name text,
        ADD COLUMN header_value text,
        ADD COLUMN metered boolean NOT NULL DEFAULT true,
        ADD COLUMN revision int NOT NULL DEFAULT 1,
        ADD CONSTRAINT provider_secrets_header CHECK ((header_name IS NULL) = (header_value IS NULL));
      ALTER TABLE provider_secret_versions
        ALTER COLUMN data_key_id DROP NOT NULL,
        ALTER COLUMN sealed DROP NOT NULL,
        ADD COLUMN destroyed_at timestamptz,
        ADD COLUMN destroyed_by text,
        ADD CONSTRAINT provider_secret_versions_destroyed CHECK (
          (destroyed_at IS NULL) = (sealed IS NOT NULL)
          AND (destroyed_at IS NULL) = (data_key_id IS NOT NULL)
          AND (destroyed_at IS NULL) = (destroyed_by IS NULL));
      CREATE INDEX provider_secret_versions_data_key ON provider_secret_versions (organization_id, data_key_id);
      CREATE TABLE secret_grants (
        organization_id uuid NOT NULL,
        secret_id uuid NOT NULL,
        version int NOT NULL,
        session_id uuid NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, secret_id, version, session_id),
        FOREIGN KEY (organization_id, secret_id, version)
          REFERENCES provider_secret_versions (organization_id, secret_id, version) ON DELETE CASCADE,
        FOREIGN KEY (organization_id, session_id) REFERENCES sessions (organization_id, id) ON DELETE CASCADE
      );
      CREATE INDEX secret_grants_session ON secret_grants (organization_id, session_id);
      CREATE INDEX secret_grants_expiry ON secret_grants (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE secret_grants;
      DROP INDEX provider_secret_versions_data_key;
      DELETE FROM provider_secret_versions WHERE destroyed_at IS NOT NULL;
      ALTER TABLE provider_secret_versions
        DROP CONSTRAINT provider_secret_versions_destroyed,
        DROP COLUMN destroyed_by,
        DROP COLUMN destroyed_at,
        ALTER COLUMN sealed SET NOT NULL,
        ALTER COLUMN data_key_id SET NOT NULL;
      ALTER TABLE provider_secrets
        DROP CONSTRAINT provider_secrets_header,
        DROP COLUMN revision,
        DROP COLUMN metered,
        DROP COLUMN header_value,
        DROP COLUMN header_name,
        DROP COLUMN paths,
        DROP COLUMN environment;
      ALTER TABLE installation DROP COLUMN vault_sealed_by, DROP COLUMN vault_sealed_at;
      ALTER TABLE master_keys DROP CONSTRAINT master_keys_wrapped, DROP COLUMN wrapped, DROP COLUMN provider;
    `);
  }
}
