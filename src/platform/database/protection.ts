import type { DataSource, QueryFailedError } from 'typeorm';

/** A transaction with the rights of the database user. */
export interface OwnerQueries {
  query(sql: string, parameters?: readonly unknown[]): Promise<unknown>;
}

/** What happened stays as it was written: nobody changes such a row or takes it away, not even a statement with a fault. */
const WRITTEN_ONCE: ReadonlySet<string> = new Set([
  'audit_events',
  'carried_settlements',
  'carried_usage',
  'dropped_months',
  'ledger_entries',
  'price_tables',
  'settlements',
  'transfers',
  'usage_records',
]);
/** Rows that money hangs on; they change, and are never taken away. */
const KEPT: ReadonlySet<string> = new Set([
  'accounts',
  'budget_windows',
  'budgets',
  'leases',
  'organizations',
  'price_overrides',
  'projects',
  'users',
]);
/** The server's own: for no transaction of an organization. */
const SYSTEM_ONLY: ReadonlySet<string> = new Set(['master_keys', 'server_secrets']);

/** Not allowed; there already; made by another one at the same moment; not there to be granted. */
const FORESEEN = new Set(['42501', '42710', '23505', '42704']);

/** The roles that transactions run as: `app` for one organization, `system` for what looks across all of them. */
export interface Roles {
  readonly app: string;
  readonly system: string;
}

/** Of each database its own, so that several in one cluster have nothing to do with each other. */
const SUFFIX = `left(md5(current_database()), 12)`;
const ROLE_NAMES = `SELECT 'iron_cage_app_' || ${SUFFIX} AS app, 'iron_cage_system_' || ${SUFFIX} AS system, quote_ident(current_user) AS owner, quote_ident(current_schema()) AS schema`;
const USABLE_ROLES = `
  SELECT a.rolname AS app, s.rolname AS system FROM pg_roles a, pg_roles s
  WHERE a.rolname = 'iron_cage_app_' || ${SUFFIX} AND s.rolname = 'iron_cage_system_' || ${SUFFIX}
    AND pg_has_role(a.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
    AND pg_has_role(s.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)`;

/** Tables of organizations: with the column that says whose a row is, and the policies that they have. */
const TENANT_TABLES = `
  SELECT c.relname AS name, a.attname AS owner, c.relrowsecurity AND c.relforcerowsecurity AS forced,
    (SELECT coalesce(string_agg(p.polname || ' to ' || array_to_string(p.polroles::regrole[]::text[], ', '), '; ' ORDER BY p.polname), '')
     FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    AND a.attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'organization_id' END
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  ORDER BY c.relname`;

/** What the role may do with each table now. Partitions are reached through their table only. */
const GRANTED = `
  SELECT c.relname AS name, c.relispartition AS partition,
    (SELECT coalesce(string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type), '') FROM aclexplode(c.relacl) g WHERE g.grantee = r.oid) AS granted
  FROM pg_class c CROSS JOIN pg_roles r
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND r.rolname = $1
  ORDER BY c.relname`;

/**
 * Row-level security on every table with an `organization_id`, for its owner too, and roles without rights to anything else for the
 * server's transactions. Runs after the migrations, does what is missing, and so covers whatever table they made.
 *
 * @param log hears when the database user may not make roles: organizations are kept apart all the same
 */
export async function protectTables(
  runner: OwnerQueries,
  log: (line: string) => void,
): Promise<void> {
  const [names] = (await runner.query(ROLE_NAMES)) as (Roles & { owner: string; schema: string })[];
  if (!names) throw new Error('the database has no name');
  const { owner, schema } = names;
  const roles = await makeRoles(runner, names);
  const policies = policiesFor(owner, roles);
  const tables = (await runner.query(TENANT_TABLES)) as TenantTable[];
  await all(
    runner,
    tables.flatMap((table) => protecting(table, policies)),
  );
  if (roles) {
    await grantTo(runner, roles.app, schema, (table) => rightsOn(table));
    await grantTo(runner, roles.system, schema, (table) => rightsOn(table, true));
    return;
  }
  const { app, system } = names;
  log(
    `The database user may not create roles, so the server works with all rights of that user; an organization sees its own rows only, as ever. To narrow the rights, let an administrator run: CREATE ROLE ${app} NOLOGIN; CREATE ROLE ${system} NOLOGIN; GRANT ${app}, ${system} TO ${owner}; and start again.`,
  );
}

interface TenantTable {
  readonly name: string;
  readonly owner: string;
  readonly forced: boolean;
  /** As `name to roles; name to roles`, in the order of the alphabet. */
  readonly policies: string;
}

interface Policy {
  readonly name: string;
  readonly roles: readonly string[];
  readonly using: (owner: string) => string;
}

/**
 * The role of one organization meets a single comparison: a second way in, or a sub-select, makes the planning of the statements of the
 * lease path noticeably longer. The owner has both ways, by settings, for migrations, and for when there are no roles.
 */
function policiesFor(owner: string, roles: Roles | undefined): Policy[] {
  return [
    {
      name: 'every_organization',
      roles: [...(roles ? [roles.system] : []), owner],
      using: () => `current_setting('iron_cage.scope', true) = 'system'`,
    },
    {
      name: 'own_organization',
      roles: [...(roles ? [roles.app] : []), owner],
      using: (column) =>
        `${column} = nullif(current_setting('iron_cage.organization', true), '')::uuid`,
    },
  ];
}

function protecting(table: TenantTable, policies: readonly Policy[]): string[] {
  const { name } = table;
  const wanted = policies
    .map((policy) => `${policy.name} to ${policy.roles.join(', ')}`)
    .join('; ');
  if (table.forced && table.policies === wanted) return [];
  const old = table.policies.split('; ').flatMap((policy) => policy.split(' ')[0] ?? []);
  return [
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `ALTER TABLE ${name} FORCE ROW LEVEL SECURITY`,
    ...old.filter((policy) => policy !== '').map((policy) => `DROP POLICY ${policy} ON ${name}`),
    ...policies.map(
      (policy) =>
        `CREATE POLICY ${policy.name} ON ${name} TO ${policy.roles.join(', ')} USING (${policy.using(table.owner)})`,
    ),
  ];
}

async function grantTo(
  runner: OwnerQueries,
  role: string,
  schema: string,
  rights: (table: string) => string,
): Promise<void> {
  const tables = (await runner.query(GRANTED, [role])) as GrantedTable[];
  const grants = tables.flatMap(({ name, partition, granted }) => {
    const wanted = partition ? '' : rights(name);
    if (granted === wanted) return [];
    const revoke = `REVOKE ALL ON ${name} FROM ${role}`;
    return wanted === '' ? [revoke] : [revoke, `GRANT ${wanted} ON ${name} TO ${role}`];
  });
  await all(runner, [...grants, `GRANT USAGE ON SCHEMA ${schema} TO ${role}`]);
}

async function all(runner: OwnerQueries, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await runner.query(statements.join(';\n'));
}

interface GrantedTable {
  readonly name: string;
  readonly partition: boolean;
  readonly granted: string;
}

/** In the order of the alphabet, as the catalogue gives them. */
function rightsOn(table: string, isSystem = false): string {
  if (table === 'schema_migrations' || (SYSTEM_ONLY.has(table) && !isSystem)) return '';
  if (WRITTEN_ONCE.has(table)) return 'INSERT, SELECT';
  return KEPT.has(table) ? 'INSERT, SELECT, UPDATE' : 'DELETE, INSERT, SELECT, UPDATE';
}

/** @returns `undefined` when there are none that this user may take on */
async function makeRoles(runner: OwnerQueries, names: Roles): Promise<Roles | undefined> {
  const before = await usableRoles(runner);
  if (before) return before;
  for (const name of [names.app, names.system]) {
    await attempt(runner, `CREATE ROLE ${name} NOLOGIN`);
    // Who makes a role may administer it; taking it on needs a grant.
    await attempt(runner, `GRANT ${name} TO CURRENT_USER`);
  }
  return usableRoles(runner);
}

/** What is refused, or was done by another one, is seen by looking again. */
async function attempt(runner: OwnerQueries, sql: string): Promise<void> {
  await runner.query('SAVEPOINT protection');
  try {
    await runner.query(sql);
  } catch (error) {
    const { code } = ((error as Partial<QueryFailedError>).driverError ?? error) as {
      code?: string;
    };
    if (!FORESEEN.has(code ?? '')) throw error;
    await runner.query('ROLLBACK TO SAVEPOINT protection');
  }
}

/** The roles of this database, if they are there and the connected user may take them on. */
export async function usableRoles(
  database: Pick<DataSource, 'query'> | OwnerQueries,
): Promise<Roles | undefined> {
  return ((await database.query(USABLE_ROLES)) as Roles[])[0];
}
