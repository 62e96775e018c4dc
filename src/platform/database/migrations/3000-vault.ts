import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Provider secrets under envelope encryption: master key → one data key per organization → one blob per version. */
export class Vault1700000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE data_keys (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        version int NOT NULL,
        kek_id text NOT NULL REFERENCES master_keys (kek_id),
        wrapped bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, id),
        CONSTRAINT data_keys_version_unique UNIQUE (organization_id, version)
      );
      CREATE TABLE provider_secrets (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        project_id uuid,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
        provider text NOT NULL,
        hosts text[] NOT NULL CHECK (cardinality(hosts) BETWEEN 1 AND 16),
        current_version int NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, id),
        CONSTRAINT provider_secrets_project FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id)
      );
      CREATE UNIQUE INDEX provider_secrets_name_unique
        ON provider_secrets (organization_id, coalesce(project_id, '00000000-0000-0000-0000-000000000000'::uuid), lower(name));
      CREATE TABLE provider_secret_versions (
        organization_id uuid NOT NULL,
        secret_id uuid NOT NULL,
        version int NOT NULL,
        data_key_id uuid NOT NULL,
        sealed bytea NOT NULL,
        hints jsonb NOT NULL,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, secret_id, version),
        FOREIGN KEY (organization_id, secret_id) REFERENCES provider_secrets (organization_id, id) ON DELETE CASCADE,
        FOREIGN KEY (organization_id, data_key_id) REFERENCES data_keys (organization_id, id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE provider_secret_versions, provider_secrets, data_keys;`);
  }
}
