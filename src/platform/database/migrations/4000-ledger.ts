import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Money. One row per project says what is free, leased and spent; the entries say why, and add up to it. The CHECK is the wall that no
 * race gets through: what is free can never be below zero.
 *
 * The tables that every lease writes to have no foreign keys: those are triggers, one look-up per row. The rows that they would check
 * were read and locked in the same transaction, and the ledger check compares the tables with each other.
 */
export class Ledger1700000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE accounts (
        organization_id uuid NOT NULL,
        project_id uuid NOT NULL,
        deposited_nano bigint NOT NULL DEFAULT 0 CHECK (deposited_nano >= 0),
        overdraft_nano bigint NOT NULL DEFAULT 0 CHECK (overdraft_nano >= 0),
        reserved_nano bigint NOT NULL DEFAULT 0 CHECK (reserved_nano >= 0),
        settled_nano bigint NOT NULL DEFAULT 0 CHECK (settled_nano >= 0),
        alerted_spent smallint NOT NULL DEFAULT 0,
        alerted_committed smallint NOT NULL DEFAULT 0,
        minute_start timestamptz,
        this_minute_nano bigint NOT NULL DEFAULT 0,
        last_minute_nano bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (organization_id, project_id),
        FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id),
        CONSTRAINT accounts_available CHECK (deposited_nano + overdraft_nano - settled_nano - reserved_nano >= 0)
      );
      CREATE TABLE leases (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        session_id uuid NOT NULL,
        key_id text NOT NULL,
        state text NOT NULL CHECK (state IN ('PENDING', 'SETTLED', 'REVOKED', 'EXPIRED_HOLD', 'RETURNED', 'CHARGED')),
        amount_nano bigint NOT NULL CHECK (amount_nano >= 0),
        used_nano bigint NOT NULL DEFAULT 0,
        late_nano bigint NOT NULL DEFAULT 0 CHECK (late_nano >= 0),
        charged_nano bigint NOT NULL DEFAULT 0 CHECK (charged_nano >= 0),
        last_seq int NOT NULL DEFAULT 0,
        ttl_seconds int NOT NULL,
        next_reset_at timestamptz,
        scopes jsonb NOT NULL DEFAULT '[]',
        request_hash bytea NOT NULL,
        granted_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        hold_until timestamptz,
        ended_at timestamptz,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT leases_used CHECK (used_nano >= 0 AND used_nano + charged_nano <= amount_nano)
      );
      CREATE INDEX leases_open ON leases (organization_id, project_id, key_id) WHERE state IN ('PENDING', 'EXPIRED_HOLD');
      CREATE INDEX leases_due ON leases (expires_at) WHERE state = 'PENDING';
      CREATE INDEX leases_held ON leases (hold_until) WHERE state = 'EXPIRED_HOLD';
      CREATE TABLE lease_refusals (
        organization_id uuid NOT NULL,
        lease_id uuid NOT NULL,
        project_id uuid NOT NULL,
        session_id uuid NOT NULL,
        request_hash bytea NOT NULL,
        refusal jsonb NOT NULL,
        refused_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, lease_id)
      );
      CREATE INDEX lease_refusals_age ON lease_refusals (refused_at);
      CREATE TABLE settlements (
        organization_id uuid NOT NULL,
        lease_id uuid NOT NULL,
        seq int NOT NULL,
        project_id uuid NOT NULL,
        request_hash bytea NOT NULL,
        amount_nano bigint NOT NULL CHECK (amount_nano >= 0),
        budgets jsonb NOT NULL DEFAULT '[]',
        answer jsonb NOT NULL,
        settled_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, lease_id, seq)
      );
      CREATE TABLE transfers (
        organization_id uuid NOT NULL,
        request_id uuid NOT NULL,
        project_id uuid NOT NULL,
        request_hash bytea NOT NULL,
        answer jsonb NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, request_id)
      );
      -- One row a transaction, one column a leg: that the legs sum to zero is a property of the row.
      CREATE TABLE ledger_entries (
        organization_id uuid NOT NULL,
        project_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('DEPOSIT', 'WITHDRAWAL', 'CORRECTION', 'GRANT', 'SETTLE', 'LATE', 'RETURN', 'CHARGE', 'OVERDRAFT', 'OVERDRAFT_REPAID')),
        external_nano bigint NOT NULL,
        available_nano bigint NOT NULL,
        reserved_nano bigint NOT NULL,
        spent_nano bigint NOT NULL,
        overdraft_nano bigint NOT NULL,
        lease_id uuid,
        seq int,
        actor text NOT NULL,
        reason text,
        at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, project_id, at, id),
        CONSTRAINT ledger_entries_balanced CHECK (external_nano + available_nano + reserved_nano + spent_nano + overdraft_nano = 0)
      );
      CREATE TABLE usage_records (
        organization_id uuid NOT NULL,
        at timestamptz NOT NULL,
        lease_id uuid NOT NULL,
        seq int NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        session_id uuid NOT NULL,
        key_id text NOT NULL,
        provider text NOT NULL,
        model text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('completed', 'aborted', 'failed')),
        estimated boolean NOT NULL,
        tokens jsonb NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        cost_nano bigint NOT NULL CHECK (cost_nano >= 0),
        client_cost_nano bigint NOT NULL,
        prices_version text NOT NULL,
        priced_by text NOT NULL CHECK (priced_by IN ('table', 'client')),
        tags text[] NOT NULL DEFAULT '{}',
        duration_ms int NOT NULL,
        PRIMARY KEY (organization_id, at, lease_id, seq, id)
      );
      CREATE INDEX usage_records_project ON usage_records (organization_id, project_id, at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE usage_records, ledger_entries, transfers, settlements, lease_refusals, leases, accounts;
    `);
  }
}
