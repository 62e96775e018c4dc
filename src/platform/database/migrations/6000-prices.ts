import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What calls cost. Tables are kept for ever, because usage names the version that it was priced by; an override is never changed, only
 * ended, because usage names its id.
 */
export class Prices1700000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE price_tables (
        version text PRIMARY KEY CHECK (char_length(version) BETWEEN 1 AND 48),
        source text NOT NULL,
        content json NOT NULL,
        digest text NOT NULL,
        effective_from timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE price_overrides (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        id uuid NOT NULL,
        project_id uuid,
        provider text NOT NULL,
        model text NOT NULL,
        rates jsonb NOT NULL,
        effective_from date NOT NULL,
        effective_until date,
        actor text NOT NULL,
        reason text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        removed_at timestamptz,
        removed_by text,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT price_overrides_project FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id),
        CHECK (effective_until > effective_from)
      );
      CREATE INDEX price_overrides_open ON price_overrides (organization_id) WHERE removed_at IS NULL;
      -- The scope is a project's id, or the organization's own.
      CREATE TABLE price_markups (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        scope_id uuid NOT NULL,
        basis_points int NOT NULL CHECK (basis_points BETWEEN 0 AND 100000),
        actor text NOT NULL,
        reason text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, scope_id)
      );
      CREATE TABLE price_ceilings (
        organization_id uuid NOT NULL REFERENCES organizations (id),
        scope_id uuid NOT NULL,
        rates jsonb NOT NULL,
        actor text NOT NULL,
        reason text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organization_id, scope_id)
      );
      -- What the cost was made of; absent in records from before there was this column.
      ALTER TABLE usage_records ADD COLUMN pricing jsonb;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE usage_records DROP COLUMN pricing;
      DROP TABLE price_ceilings, price_markups, price_overrides, price_tables;
    `);
  }
}
