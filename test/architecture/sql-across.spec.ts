import { readFileSync } from 'node:fs';
import path from 'node:path';
import { unboundIn } from './sql-rules.js';
import { sourceFiles, statementsIn, statementsOf, tablesOfMigrations } from './sql-statements.js';

interface Across {
  /** Statements that are not bound to the organization of `$1`. */
  readonly statements: number;
  /** Whether the file opens transactions for the whole system. */
  readonly system: boolean;
  readonly why: string;
}

/** Everything that looks across organizations. Whoever adds to it says why. */
const ACROSS: Readonly<Record<string, Across>> = {
  'audit/data/audit-log.ts': {
    statements: 1,
    system: false,
    why: 'writes the events of one transaction from arrays, organization by organization',
  },
  'auth/data/access-epoch-store.ts': {
    statements: 1,
    system: true,
    why: 'every replica asks twice a second whose access changed, and gets numbers only',
  },
  'auth/data/key-check-store.ts': {
    statements: 4,
    system: true,
    why: 'the key says whose it is, and so does the hash of one that leaked; the uses of many keys are marked at once, and those under an old pepper counted',
  },
  'auth/key-expiry.job.ts': {
    statements: 1,
    system: true,
    why: 'keys of all organizations that expire soon are warned of',
  },
  'auth/leaked-keys.ts': {
    statements: 0,
    system: true,
    why: 'who reports a leaked key does not know whose it is; the key does',
  },
  'auth/data/login-store.ts': {
    statements: 6,
    system: false,
    why: 'the refresh token names the login, and the login says whose it is',
  },
  'auth/logins.ts': { statements: 0, system: true, why: 'as the store of logins' },
  'auth/pepper-rotation.ts': {
    statements: 0,
    system: true,
    why: 'the secrets of the installation, and the keys of all organizations that still need an old one',
  },
  'billing/accounts/ledger-audit.job.ts': {
    statements: 2,
    system: true,
    why: 'takes the next organization whose ledger is due, and shows what was found in all of them',
  },
  'billing/budgets/refills.service.ts': {
    statements: 1,
    system: true,
    why: 'finds the refills of all organizations that are due',
  },
  'billing/leases/session-watch.ts': {
    statements: 1,
    system: true,
    why: 'one look for the sessions of all open streams of this replica',
  },
  'billing/leases/sweeper.ts': {
    statements: 3,
    system: true,
    why: 'finds what is over: ids of leases, old refusals, silent sessions',
  },
  'billing/storage/old-months.ts': {
    statements: 0,
    system: true,
    why: 'months are dropped of all organizations at once',
  },
  'billing/storage/old-months.sql.ts': {
    statements: 6,
    system: false,
    why: 'what a dropped month sums up to is carried forward, organization by organization',
  },
  'billing/prices/price-terms.ts': {
    statements: 3,
    system: true,
    why: 'one look for the organizations of all open streams',
  },
  'billing/usage/usage-rollups.sql.ts': {
    statements: 1,
    system: false,
    why: 'finds the projects of all organizations with usage that is not summed up',
  },
  'billing/usage/usage-rollups.ts': { statements: 0, system: true, why: 'as its statements' },
  'platform/database/partitions.ts': {
    statements: 2,
    system: false,
    why: 'partitions hold the rows of all organizations',
  },
  'notifications/data/alert-store.ts': {
    statements: 1,
    system: true,
    why: 'forgets alerts of all organizations that are old',
  },
  'teams/data/people-store.ts': {
    statements: 2,
    system: true,
    why: 'an address signs in before the organization is known; a person sees their own organizations',
  },
  'teams/own-password.service.ts': {
    statements: 0,
    system: true,
    why: 'a new password ends the logins of a person in all their organizations',
  },
  'vault/data/data-keys.ts': {
    statements: 1,
    system: false,
    why: 'a new master key wraps the data keys of all organizations',
  },
  'vault/earlier-secrets.ts': {
    statements: 1,
    system: true,
    why: 'binds, once, the secrets of all organizations that are from before rows were bound',
  },
  'vault/grant-sweeper.ts': { statements: 1, system: true, why: 'forgets grants that are over' },
  'vault/rewrap.service.ts': {
    statements: 2,
    system: true,
    why: 'a new master key wraps the data keys of all organizations',
  },
  'vault/secret-revisions.ts': {
    statements: 1,
    system: true,
    why: 'one look for the secrets of all open streams',
  },
};

const root = path.resolve('src');
const tables = tablesOfMigrations();
const statements = statementsOf(root);
/** Of a table that is chosen at run time nothing is known but that it must be an organization's. */
const CHOSEN = /\b(from|join|into|update)\s+unknown\b/i;
const isUnbound = (sql: string): boolean =>
  unboundIn(sql, tables).length > 0 ||
  (CHOSEN.test(sql) &&
    !/organization_id = \$1\b|\(organization_id,[^)]*\) VALUES \(\$1,/.test(sql));

describe('the SQL of the server', () => {
  it('is found where it is written', () => {
    expect(statements.length).toBeGreaterThan(200);
    const files = new Set(statements.map(({ file }) => file));
    for (const file of Object.keys(ACROSS))
      if (ACROSS[file]?.statements) expect(files).toContain(file);
  });

  it('names the organization in each statement, but for those that are listed with a reason', () => {
    const found: Record<string, number> = {};
    for (const { file, sql } of statements)
      if (isUnbound(sql)) found[file] = (found[file] ?? 0) + 1;
    const listed = Object.entries(ACROSS).filter(([, { statements: count }]) => count > 0);
    expect(found).toEqual(
      Object.fromEntries(listed.map(([file, { statements: count }]) => [file, count])),
    );
  });

  it('runs for the whole system only where that is listed', () => {
    const users = sourceFiles(root).filter(
      (file) =>
        !file.startsWith('platform/database') &&
        /\b(SYSTEM|OWNER)\b/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(users.sort()).toEqual(
      Object.keys(ACROSS)
        .filter((file) => ACROSS[file]?.system)
        .sort(),
    );
  });

  it('would be found without one of its filters', () => {
    const survivors = statements
      .filter(({ sql }) => !isUnbound(sql))
      .filter(({ sql }) => sql.includes('organization_id = $1'))
      .filter(({ sql }) => {
        const without = sql.replaceAll(/(?:\w+\.)?organization_id = \$1/g, 'true');
        return !isUnbound(without);
      });
    expect(survivors.map(({ file, line }) => `${file}:${line}`)).toEqual([]);
  });
});

describe('a statement', () => {
  const sqlOf = (text: string): string[] => statementsIn('x.ts', text).map(({ sql }) => sql);

  it('is put together from its constants', () => {
    expect(
      sqlOf('const V = `SELECT 1 FROM leases WHERE organization_id = $1`; q(`${V} AND id = $2`);'),
    ).toEqual(['SELECT 1 FROM leases WHERE organization_id = $1 AND id = $2']);
  });

  it('stands for itself when its constant is used by itself as well', () => {
    expect(
      sqlOf("const V = 'SELECT 1 FROM leases'; q(V); q(`${V} WHERE organization_id = $1`);"),
    ).toEqual(['SELECT 1 FROM leases', 'SELECT 1 FROM leases WHERE organization_id = $1']);
  });

  it('is not what only looks like one', () => {
    expect(sqlOf("say('Select a project'); say('Update your SDK')")).toEqual([]);
  });
});
