import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { newId } from '../../src/kernel/ids.js';
import {
  dataSourceOptions,
  migrate,
  SHARED,
  SYSTEM,
  type Tx,
  UnitOfWork,
} from '../../src/platform/database/index.js';
import { LedgerSite } from '../harness/ledger-site.js';
import { createDatabase, rolesOf } from '../harness/server.js';

/** Rows of the second organization, asked for without a word about whose they are. */
const EVERYTHING = (table: string): string => `SELECT count(*)::int AS rows FROM ${table}`;

let mine: LedgerSite;
const theirs = newId();
let tenantTables: { name: string; owner: string; isEmpty: boolean }[];

const database = (): string =>
  new URL((mine.dataSource.options as { url: string }).url).pathname.slice(1);

beforeAll(async () => {
  mine = await LedgerSite.open();
  const holder = await mine.project();
  await mine.budget({ scope: 'project', scopeId: holder.projectId, window: 'day', limit: 5n });
  const deposit = {
    kind: 'transfer',
    direction: 'deposit',
    amount: 100n,
    actor: 'test',
    reason: null,
  } as const;
  const { projectId } = holder;
  await mine.ledger.execute(mine.organizationId, {
    ...deposit,
    projectId,
    requestId: newId(),
    requestHash: randomBytes(32),
  });
  await mine.dataSource.query(`INSERT INTO organizations (id, name) VALUES ($1, 'Other')`, [
    theirs,
  ]);
  tenantTables = await mine.dataSource.query(
    `SELECT c.relname AS name, CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'organization_id' END AS owner FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (c.relname = 'organizations'
       OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'))`,
  );
});
afterAll(() => mine.close());

const inOther = <Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]> =>
  mine.unitOfWork.read<Row>(theirs, sql, parameters);

describe('every table of organizations', () => {
  it('is protected by the database, for its owner too', async () => {
    const open = await mine.dataSource.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_class c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         AND (c.relname = 'organizations' OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
         AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
           OR (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) <> 2)`,
    );
    expect(open).toEqual([]);
    expect(tenantTables.length).toBeGreaterThan(25);
  });

  it('shows an organization nothing of another one, whatever is asked', async () => {
    const seen: string[] = [];
    for (const { name } of tenantTables.filter(({ name }) => name !== 'organizations')) {
      const [row] = await inOther<{ rows: number }>(EVERYTHING(name));
      if (row?.rows !== 0) seen.push(name);
    }
    expect(seen).toEqual([]);
    expect(await inOther('SELECT name FROM organizations')).toEqual([{ name: 'Other' }]);
    const [own] = await mine.unitOfWork.read<{ rows: number }>(
      mine.organizationId,
      EVERYTHING('ledger_entries'),
    );
    expect(own?.rows).toBe(1);
  });

  it('shows nothing to what runs for no organization, and all to what runs for the system', async () => {
    for (const { name } of tenantTables)
      expect([name, await mine.unitOfWork.read(SHARED, EVERYTHING(name))]).toEqual([
        name,
        [{ rows: 0 }],
      ]);
    expect(await mine.unitOfWork.read(SYSTEM, EVERYTHING('organizations'))).toEqual([{ rows: 2 }]);
    expect(await mine.unitOfWork.read(SYSTEM, EVERYTHING('accounts'))).toEqual([{ rows: 1 }]);
  });

  it('takes no row for another organization, and changes none', async () => {
    const write = (sql: string, parameters: readonly unknown[] = []) =>
      mine.unitOfWork.run(theirs, (tx) => tx.query(sql, parameters));
    const stolen = `INSERT INTO outbox_events (organization_id, id, kind, payload, at) VALUES ($1, $2, 'x', '{}', now())`;
    await expect(write(stolen, [mine.organizationId, newId()])).rejects.toMatchObject({
      code: '42501',
    });
    await write(stolen, [theirs, newId()]);
    expect(await write(`UPDATE accounts SET deposited_nano = 1 RETURNING 1`)).toEqual([]);
    expect(await write(`UPDATE projects SET name = 'taken' RETURNING 1`)).toEqual([]);
    expect(await write(`DELETE FROM refills RETURNING 1`)).toEqual([]);
    await expect(
      write(`UPDATE outbox_events SET organization_id = $1`, [mine.organizationId]),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the role of the transactions', () => {
  const refused = async (sql: string, scope: string | typeof SYSTEM = mine.organizationId) =>
    expect([
      sql,
      await mine.unitOfWork
        .run(scope, (tx: Tx) => tx.query(sql))
        .then(
          () => 'done',
          (error: unknown) => (error as { code: string }).code,
        ),
    ]).toEqual([sql, '42501']);

  it('cannot change or remove what happened', async () => {
    for (const table of [
      'ledger_entries',
      'settlements',
      'transfers',
      'audit_events',
      'usage_records',
    ])
      for (const scope of [mine.organizationId, SYSTEM] as const) {
        await refused(`UPDATE ${table} SET organization_id = organization_id`, scope);
        await refused(`DELETE FROM ${table}`, scope);
        await refused(`TRUNCATE ${table}`, scope);
      }
    await refused('DELETE FROM accounts');
    await refused('DELETE FROM leases', SYSTEM);
  });

  it('cannot change the schema, its protection, or read the secrets of the server', async () => {
    await refused('CREATE TABLE mine (id int)');
    await refused('ALTER TABLE accounts DISABLE ROW LEVEL SECURITY');
    await refused('DROP POLICY own_organization ON accounts');
    await refused('ALTER TABLE accounts DROP CONSTRAINT accounts_available');
    await refused('DROP TABLE accounts');
    await refused('SELECT * FROM server_secrets');
    await refused('SELECT * FROM master_keys');
    await refused('DELETE FROM schema_migrations', SYSTEM);
  });

  it('is one for each database, may not log in, and belongs to nobody else', async () => {
    const roles = rolesOf(database());
    expect(await mine.unitOfWork.read(SYSTEM, 'SELECT current_user::text AS name')).toEqual([
      { name: roles.system },
    ]);
    expect(await inOther('SELECT current_user::text AS name')).toEqual([{ name: roles.app }]);
    expect(
      await mine.dataSource.query(
        `SELECT rolcanlogin AS login, rolsuper AS super, rolbypassrls AS bypass, rolcreaterole AS makes FROM pg_roles WHERE rolname = ANY ($1)`,
        [Object.values(roles)],
      ),
    ).toEqual(
      Array.from({ length: 2 }, () => ({
        login: false,
        super: false,
        bypass: false,
        makes: false,
      })),
    );
  });
});

describe('an ordinary user of the database', () => {
  const password = randomBytes(12).toString('hex');
  const made: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const undo of made.reverse()) await undo();
  });

  async function ownedBy(
    rights: string,
  ): Promise<{ source: DataSource; log: string[]; user: string; name: string }> {
    const { url, drop } = await createDatabase();
    const name = new URL(url).pathname.slice(1);
    const user = `owner_${name}`;
    await mine.dataSource.query(`CREATE ROLE ${user} LOGIN ${rights} PASSWORD '${password}'`);
    await mine.dataSource.query(`ALTER DATABASE ${name} OWNER TO ${user}`);
    const log: string[] = [];
    const own = new URL(url);
    own.username = user;
    own.password = password;
    const source = await new DataSource(dataSourceOptions(own.href)).initialize();
    made.push(async () => {
      await source.destroy();
      await drop();
      await mine.dataSource.query(`DROP ROLE ${user}`);
    });
    await migrate(source, (line) => log.push(line));
    return { source, log, user, name };
  }

  async function keepsApart(source: DataSource): Promise<void> {
    const [one, two] = [newId(), newId()];
    const unitOfWork = new UnitOfWork(source);
    for (const id of [one, two])
      await unitOfWork.run(id, (tx) =>
        tx.query(`INSERT INTO organizations (id, name) VALUES ($1, 'x')`, [id]),
      );
    expect(await unitOfWork.read(one, 'SELECT id FROM organizations')).toEqual([{ id: one }]);
    expect(await unitOfWork.read(SYSTEM, EVERYTHING('organizations'))).toEqual([{ rows: 2 }]);
    expect(await unitOfWork.read(SHARED, EVERYTHING('organizations'))).toEqual([{ rows: 0 }]);
    expect(await source.query(EVERYTHING('organizations'))).toEqual([{ rows: 0 }]);
    // Migrations that will change rows find them.
    const all = await source.transaction((manager) =>
      manager.query<unknown>(EVERYTHING('organizations')),
    );
    expect(all).toEqual([{ rows: 2 }]);
  }

  it('that may make roles gets them, once', async () => {
    const { source, log, name } = await ownedBy('CREATEROLE');
    expect(log).toEqual([]);
    await keepsApart(source);
    expect(await new UnitOfWork(source).read(SYSTEM, 'SELECT current_user::text AS name')).toEqual([
      { name: rolesOf(name).system },
    ]);
    await expect(
      new UnitOfWork(source).read(SYSTEM, 'DELETE FROM ledger_entries'),
    ).rejects.toMatchObject({ code: '42501' });
    expect(await migrate(source, (line) => log.push(line))).toBe(0);
    expect(log).toEqual([]);
  });

  it('that may not is told how to get them, and organizations are kept apart all the same', async () => {
    const { source, log, user, name } = await ownedBy('NOCREATEROLE');
    expect(log.join()).toContain(`GRANT ${rolesOf(name).app}, ${rolesOf(name).system} TO ${user}`);
    await keepsApart(source);
    const [, commands = ''] = /run: (.*;) and start/.exec(log.join()) ?? [];
    await mine.dataSource.query(commands);
    log.length = 0;
    await migrate(source, (line) => log.push(line));
    expect(log).toEqual([]);
    await keepsApart(source).catch(() => undefined);
    await expect(
      new UnitOfWork(source).read(SYSTEM, 'DELETE FROM ledger_entries'),
    ).rejects.toMatchObject({ code: '42501' });
  });
});
