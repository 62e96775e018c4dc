import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who there is: organizations, people, memberships, logins, and the server's own wrapped secrets. */
export class Identity1700000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE organizations (
        id uuid PRIMARY KEY,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
        time_zone text NOT NULL DEFAULT 'UTC',
        month_starts_on smallint NOT NULL DEFAULT 1 CHECK (month_starts_on BETWEEN 1 AND 28),
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE users (
        id uuid PRIMARY KEY,
        email text NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
        password_hash text NOT NULL,
        operator boolean NOT NULL DEFAULT false,
        disabled_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT users_email_unique UNIQUE (email),
        CONSTRAINT users_email_lower CHECK (email = lower(email))
      );
      CREATE TABLE members (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        user_id uuid NOT NULL REFERENCES users (id),
        role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'viewer')),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, user_id)
      );
      CREATE INDEX members_user ON members (user_id);
      CREATE TABLE logins (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id),
        organization_id uuid NOT NULL REFERENCES organizations (id),
        token_hash bytea NOT NULL,
        previous_hash bytea,
        rotated_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX logins_user ON logins (user_id);
      CREATE TABLE installation (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        setup_token_hash bytea,
        setup_done_at timestamptz
      );
      INSERT INTO installation DEFAULT VALUES;
      CREATE TABLE master_keys (
        kek_id text PRIMARY KEY,
        sentinel bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE server_secrets (
        name text NOT NULL,
        version int NOT NULL,
        kek_id text NOT NULL REFERENCES master_keys (kek_id),
        sealed bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (name, version)
      );
      CREATE TABLE audit_events (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        actor text NOT NULL,
        action text NOT NULL,
        target text NOT NULL,
        details jsonb NOT NULL DEFAULT '{}',
        PRIMARY KEY (organization_id, id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit_events, server_secrets, master_keys, installation, logins, members, users, organizations;
    `);
  }
}
