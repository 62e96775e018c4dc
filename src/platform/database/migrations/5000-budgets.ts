import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Limits over windows, what changes them for a time, and what is told to others about them. */
export class Budgets1700000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE budgets (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        scope text NOT NULL CHECK (scope IN ('organization', 'project', 'member', 'key')),
        scope_id text NOT NULL,
        window_kind text NOT NULL CHECK (window_kind IN ('day', 'week', 'month', 'total')),
        limit_nano bigint NOT NULL CHECK (limit_nano >= 0),
        models text[] NOT NULL DEFAULT '{}' CHECK (cardinality(models) <= 50),
        tags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 50),
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        archived_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX budgets_scope ON budgets (organization_id, scope, scope_id) WHERE archived_at IS NULL;
      CREATE TABLE budget_windows (
        organization_id uuid NOT NULL,
        budget_id uuid NOT NULL,
        start date NOT NULL,
        reserved_nano bigint NOT NULL DEFAULT 0 CHECK (reserved_nano >= 0),
        settled_nano bigint NOT NULL DEFAULT 0 CHECK (settled_nano >= 0),
        alerted_spent smallint NOT NULL DEFAULT 0,
        alerted_committed smallint NOT NULL DEFAULT 0,
        PRIMARY KEY (organization_id, budget_id, start)
      );
      CREATE TABLE budget_raises (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        budget_id uuid NOT NULL,
        amount_nano bigint NOT NULL CHECK (amount_nano > 0),
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        actor text NOT NULL,
        reason text NOT NULL,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT budget_raises_budget FOREIGN KEY (organization_id, budget_id) REFERENCES budgets (organization_id, id),
        CHECK (ends_at > starts_at)
      );
      CREATE INDEX budget_raises_budget ON budget_raises (organization_id, budget_id, ends_at);
      CREATE TABLE budget_requests (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        budget_id uuid,
        amount_nano bigint NOT NULL CHECK (amount_nano > 0),
        reason text NOT NULL,
        requested_by text NOT NULL,
        requested_at timestamptz NOT NULL DEFAULT now(),
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'declined')),
        decided_by text,
        decided_at timestamptz,
        decision_note text,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT budget_requests_project FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id),
        CONSTRAINT budget_requests_budget FOREIGN KEY (organization_id, budget_id) REFERENCES budgets (organization_id, id)
      );
      CREATE INDEX budget_requests_open ON budget_requests (organization_id, id) WHERE state = 'open';
      CREATE TABLE refills (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        project_id uuid NOT NULL,
        mode text NOT NULL CHECK (mode IN ('set-to', 'add', 'add-with-cap')),
        amount_nano bigint NOT NULL CHECK (amount_nano > 0),
        cap_nano bigint NOT NULL DEFAULT 0 CHECK (cap_nano >= 0),
        window_kind text NOT NULL CHECK (window_kind IN ('day', 'week', 'month')),
        last_start date,
        created_by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, id),
        CONSTRAINT refills_project FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id)
      );
      CREATE TABLE outbox_events (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        payload jsonb NOT NULL,
        at timestamptz NOT NULL,
        delivered_at timestamptz,
        PRIMARY KEY (organization_id, id)
      );
      CREATE INDEX outbox_events_waiting ON outbox_events (at) WHERE delivered_at IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE outbox_events, refills, budget_requests, budget_raises, budget_windows, budgets;
    `);
  }
}
