import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

const KEYS: Readonly<Record<string, string>> = {
  ledger_entries: 'at',
  settlements: 'lease_id',
  usage_records: 'at',
};

/**
 * What happened is kept by month, so that old months can go at once. The table of before becomes the partition for everything that has
 * no month; the start of the server makes the months and moves the rows there.
 *
 * Usage is numbered per project, under the lock of its account: a reader that has seen number n has seen all before it.
 */
export class Partitions1700000009100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const query = await patiently(runner);
    await query(`
      ALTER TABLE accounts ADD COLUMN usage_count bigint NOT NULL DEFAULT 0 CHECK (usage_count >= 0);
      ALTER TABLE usage_records ADD COLUMN number bigint;
    `);
    await query(`
      UPDATE usage_records u SET number = n.number
      FROM (SELECT ctid, row_number() OVER (PARTITION BY organization_id, project_id ORDER BY at, lease_id, seq, id) AS number FROM usage_records) n
      WHERE u.ctid = n.ctid`);
    await query(`
      UPDATE accounts a SET usage_count = u.total
      FROM (SELECT organization_id, project_id, max(number) AS total FROM usage_records GROUP BY 1, 2) u
      WHERE a.organization_id = u.organization_id AND a.project_id = u.project_id`);
    await query(`
      DROP INDEX usage_records_project;
      ALTER TABLE usage_records
        ALTER COLUMN number SET NOT NULL,
        DROP CONSTRAINT usage_records_pkey,
        ADD PRIMARY KEY (organization_id, project_id, number, at);
    `);
    for (const [table, key] of Object.entries(KEYS)) {
      await query(`
        ALTER TABLE ${table} RENAME TO ${table}_default;
        ALTER INDEX ${table}_pkey RENAME TO ${table}_default_pkey;
        CREATE TABLE ${table} (LIKE ${table}_default INCLUDING ALL) PARTITION BY RANGE (${key});
        ALTER TABLE ${table} ATTACH PARTITION ${table}_default DEFAULT;
      `);
    }
    await query(`
      CREATE TABLE dropped_months (
        month date PRIMARY KEY,
        -- No lease whose reports are kept sorts before it.
        first_lease text NOT NULL,
        dropped_at timestamptz NOT NULL DEFAULT now(),
        actor text NOT NULL
      );
    `);
    await query(`
      -- Sums of the settlements that went with their month, so that what was spent still adds up.
      CREATE TABLE carried_settlements (
        organization_id uuid NOT NULL,
        scope text NOT NULL CHECK (scope IN ('project', 'budget')),
        scope_id uuid NOT NULL,
        start date NOT NULL,
        amount_nano bigint NOT NULL,
        PRIMARY KEY (organization_id, scope, scope_id, start)
      );
      ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check, ADD CONSTRAINT ledger_entries_kind_check
        CHECK (kind IN ('DEPOSIT', 'WITHDRAWAL', 'CORRECTION', 'GRANT', 'SETTLE', 'LATE', 'RETURN', 'CHARGE', 'OVERDRAFT', 'OVERDRAFT_REPAID', 'CARRIED'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    const query = await patiently(runner);
    await query(`DROP TABLE carried_settlements, dropped_months;`);
    for (const table of Object.keys(KEYS)) {
      await query(`
        CREATE TABLE ${table}_all (LIKE ${table} INCLUDING ALL);
        INSERT INTO ${table}_all SELECT * FROM ${table};
        DROP TABLE ${table};
        ALTER TABLE ${table}_all RENAME TO ${table};
        ALTER INDEX ${table}_all_pkey RENAME TO ${table}_pkey;
      `);
    }
    await query(`
      ALTER TABLE usage_records DROP CONSTRAINT usage_records_pkey, ADD PRIMARY KEY (organization_id, at, lease_id, seq, id), DROP COLUMN number;
      CREATE INDEX usage_records_project ON usage_records (organization_id, project_id, at);
      ALTER TABLE accounts DROP COLUMN usage_count;
    `);
  }
}
