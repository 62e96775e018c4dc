import * as statements from '../../src/billing/data/working-set.sql.js';
import { findingsIn } from './sql-rules.js';
import { tablesOfMigrations } from './sql-statements.js';

const tables = tablesOfMigrations();
const { WRITE_PARTS, ...single } = statements;
const all: readonly (readonly [string, string])[] = [
  ...Object.entries(single),
  ...Object.entries(WRITE_PARTS).map(([name, sql]) => [`WRITE_PARTS.${name}`, sql] as const),
];

describe('the statements of the money path', () => {
  it('are known to this test, and so are the tables', () => {
    expect(all.length).toBeGreaterThanOrEqual(15);
    expect(all.every(([, sql]) => typeof sql === 'string')).toBe(true);
    expect([...tables.tenant]).toEqual(
      expect.arrayContaining([
        'accounts',
        'leases',
        'settlements',
        'budget_windows',
        'organizations',
      ]),
    );
    expect([...tables.shared]).toContain('users');
    expect(tables.tenant).not.toContain('users');
  });

  it.each(all)(
    '%s touches one organization only, and needs nothing of the session',
    (_name, sql) => {
      expect(findingsIn(sql, tables)).toEqual([]);
    },
  );

  it.each(all.filter(([, sql]) => sql.includes('organization_id = $1')))(
    '%s would be found without one of its filters',
    (_name, sql) => {
      const pieces = sql.split(/(?:\w+\.)?organization_id = \$1/);
      for (let left = 0; left < pieces.length - 1; left++) {
        const without = pieces.reduce((text, piece, index) =>
          index === 0
            ? piece
            : text + (index - 1 === left ? 'true' : 'organization_id = $1') + piece,
        );
        expect(findingsIn(without, tables)).not.toEqual([]);
      }
    },
  );

  it.each(all.filter(([, sql]) => sql.includes('INSERT INTO')))(
    '%s would be found if it wrote for whom the rows say',
    (_name, sql) => {
      expect(
        findingsIn(sql.replace('SELECT $1,', 'SELECT x.organization_id,'), tables),
      ).not.toEqual([]);
    },
  );

  it.each([
    ['no filter', 'SELECT * FROM leases WHERE id = $2', 'leases is not bound'],
    [
      'a filter by another parameter',
      'SELECT * FROM leases WHERE organization_id = $2',
      'leases is not bound',
    ],
    [
      'a filter that need not hold',
      'SELECT * FROM leases WHERE organization_id = $1 OR id = $2',
      'leases is not bound',
    ],
    [
      'a negated filter',
      'SELECT * FROM leases WHERE NOT organization_id = $1',
      'leases is not bound',
    ],
    ['an unequal', 'SELECT * FROM leases WHERE organization_id <> $1', 'leases is not bound'],
    [
      'a join that ties projects only',
      'SELECT * FROM leases l JOIN projects p ON p.id = l.project_id WHERE l.organization_id = $1',
      'projects p is not bound',
    ],
    [
      'a join by comma',
      'SELECT * FROM leases l, projects p WHERE l.organization_id = $1 AND p.id = l.project_id',
      'projects p is not bound',
    ],
    [
      'two tables that are only tied to each other',
      'SELECT * FROM leases l JOIN projects p ON p.organization_id = l.organization_id',
      'is not bound',
    ],
    [
      'a subquery',
      'SELECT (SELECT count(*) FROM leases WHERE id = a.id) FROM accounts a WHERE a.organization_id = $1',
      'leases is not bound',
    ],
    [
      'a subquery in a condition',
      'SELECT 1 FROM accounts WHERE organization_id = $1 AND project_id IN (SELECT id FROM projects)',
      'projects is not bound',
    ],
    [
      'a filter of the outer query only',
      'SELECT 1 FROM accounts a WHERE a.organization_id = $1 AND EXISTS (SELECT 1 FROM leases l WHERE l.project_id = a.project_id)',
      'leases l is not bound',
    ],
    [
      'an update',
      'UPDATE leases l SET state = x.state FROM json_to_recordset($2) AS x(id uuid, state text) WHERE l.id = x.id',
      'leases l is not bound',
    ],
    ['a delete', 'DELETE FROM leases WHERE id = $2', 'leases is not bound'],
    [
      'an insert of values',
      'INSERT INTO leases (organization_id, id) VALUES ($2, $1)',
      'leases is written',
    ],
    ['an insert without the column', 'INSERT INTO leases (id) SELECT $1', 'leases is written'],
    [
      'a common table expression',
      'WITH x AS (SELECT * FROM leases) SELECT * FROM x',
      'leases is not bound',
    ],
    [
      'an organization by name',
      'SELECT * FROM organizations o WHERE o.name = $1',
      'organizations o is not bound',
    ],
    [
      'a volatile value',
      'UPDATE leases SET ended_at = clock_timestamp() WHERE organization_id = $1',
      'clock_timestamp()',
    ],
    [
      'a random id',
      'INSERT INTO leases (organization_id, id) SELECT $1, gen_random_uuid()',
      'gen_random_uuid()',
    ],
    ['an advisory lock', 'SELECT pg_advisory_xact_lock(1)', 'an advisory lock'],
    ['NOTIFY', "SELECT pg_notify('a', 'b')", 'LISTEN or NOTIFY'],
    ['a block of plpgsql', 'DO $$ BEGIN PERFORM 1; END $$', 'DO'],
    [
      'a function',
      'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$',
      'plpgsql',
    ],
    ['a temporary table', 'CREATE TEMP TABLE t (id int)', 'a temporary table'],
    ['a setting of the session', 'SET statement_timeout = 5', 'a setting of the session'],
    ['a cursor', 'DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'cursor'],
  ])('%s is found', (_name, sql, finding) => {
    expect(findingsIn(sql, tables).join('; ')).toContain(finding);
  });

  it.each([
    ['a filter behind another', 'SELECT * FROM leases WHERE id = $2 AND organization_id = $1'],
    ['a filter the other way round', 'SELECT * FROM leases l WHERE $1 = l.organization_id'],
    [
      'a filter beside a group',
      "SELECT * FROM leases WHERE organization_id = $1 AND (state = 'PENDING' OR id = $2)",
    ],
    [
      'a chain of joins',
      'SELECT 1 FROM leases l JOIN projects p ON p.organization_id = l.organization_id AND p.id = l.project_id WHERE l.organization_id = $1',
    ],
    [
      'a correlated subquery',
      'SELECT 1 FROM accounts a WHERE a.organization_id = $1 AND EXISTS (SELECT 1 FROM leases l WHERE l.organization_id = a.organization_id)',
    ],
    ['SET LOCAL', "SET LOCAL lock_timeout = '1s'"],
    ['a word in a string', "SELECT 'do; listen; temp' FROM leases WHERE organization_id = $1"],
    [
      'a conflict that does nothing',
      'INSERT INTO leases (organization_id, id) SELECT $1, $2 ON CONFLICT DO NOTHING',
    ],
  ])('%s is fine', (_name, sql) => {
    expect(findingsIn(sql, tables)).toEqual([]);
  });
});
