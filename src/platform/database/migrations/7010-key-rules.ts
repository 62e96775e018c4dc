import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a key may do, from where, for which models and how often; its secret before the last rotation; where it was used. */
export class KeyRules1700000007010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE projects
        ADD COLUMN environment text NOT NULL DEFAULT 'any' CHECK (environment IN ('dev', 'live', 'any'));
      ALTER TABLE iron_cage_keys
        ADD COLUMN scopes text[] NOT NULL DEFAULT '{bootstrap,lease,report,listen}'
          CHECK (cardinality(scopes) >= 1 AND scopes <@ ARRAY['bootstrap', 'lease', 'report', 'listen']),
        ADD COLUMN allowed_ranges text[] NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_ranges) <= 50),
        ADD COLUMN models text[] NOT NULL DEFAULT '{}' CHECK (cardinality(models) <= 50),
        ADD COLUMN requests_per_minute int CHECK (requests_per_minute > 0),
        ADD COLUMN leak_hash bytea,
        ADD COLUMN rotated_at timestamptz,
        ADD COLUMN previous_hmac bytea,
        ADD COLUMN previous_pepper_version int,
        ADD COLUMN previous_leak_hash bytea,
        ADD COLUMN previous_until timestamptz,
        ADD COLUMN recent_ips jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN expiry_warned_at timestamptz,
        ADD CONSTRAINT iron_cage_keys_previous_whole
          CHECK ((previous_hmac IS NULL) = (previous_until IS NULL)
             AND (previous_hmac IS NULL) = (previous_pepper_version IS NULL));
      CREATE INDEX iron_cage_keys_leak ON iron_cage_keys (leak_hash);
      CREATE INDEX iron_cage_keys_previous_leak ON iron_cage_keys (previous_leak_hash);
      CREATE INDEX iron_cage_keys_expiring ON iron_cage_keys (expires_at) WHERE revoked_at IS NULL AND expiry_warned_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE projects DROP COLUMN environment;
      ALTER TABLE iron_cage_keys
        DROP COLUMN scopes, DROP COLUMN allowed_ranges, DROP COLUMN models, DROP COLUMN requests_per_minute,
        DROP COLUMN leak_hash, DROP COLUMN rotated_at, DROP COLUMN previous_hmac, DROP COLUMN previous_pepper_version,
        DROP COLUMN previous_leak_hash, DROP COLUMN previous_until, DROP COLUMN recent_ips, DROP COLUMN expiry_warned_at;
    `);
  }
}
