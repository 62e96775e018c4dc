import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { newId } from '../../src/kernel/ids.js';
import { dataSourceOptions, migrate } from '../../src/platform/database/index.js';
import { call, Installation, type ProjectFixture, usage } from '../harness/installation.js';
import { createDatabase, startServer, type TestServer } from '../harness/server.js';
import { expectSoundHistory } from '../property/history.js';

const program = pgbouncer();
if (program === undefined)
  process.stdout.write('skipped: the tests through PgBouncer, this machine has no pgbouncer\n');
const whereItIs = program === undefined ? describe.skip : describe;

function pgbouncer(): string | undefined {
  for (const name of ['pgbouncer', '/usr/sbin/pgbouncer']) {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // Not here; perhaps at the next place.
    }
  }
  return undefined;
}

interface Pooler {
  readonly url: string;
  stop(): Promise<void>;
}

/** PgBouncer in transaction mode in front of one database, with fewer connections to it than the servers open to PgBouncer. */
async function startPooler(databaseUrl: string, poolSize: number): Promise<Pooler> {
  const folder = mkdtempSync(path.join(tmpdir(), 'iron-cage-pgbouncer-'));
  const target = new URL(databaseUrl);
  const tunnel = await openTunnel(target);
  const port = await freePort();
  const settings = `host=127.0.0.1 port=${tunnel.port} dbname=${target.pathname.slice(1)} user=${decodeURIComponent(target.username)} password=${decodeURIComponent(target.password)}`;
  writeFileSync(
    path.join(folder, 'pgbouncer.ini'),
    `[databases]
pooled = ${settings}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
server_reset_query_always = 0
ignore_startup_parameters = statement_timeout, lock_timeout, idle_in_transaction_session_timeout, extra_float_digits
`,
  );
  // It refuses to run as root.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  chmodSync(folder, 0o755);
  const child = spawn(program ?? '', [path.join(folder, 'pgbouncer.ini')], {
    ...nobody,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    tunnel.close();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 10_000; !(await listens(port));) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`pgbouncer did not start:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url: `postgres://anybody@127.0.0.1:${port}/pooled`, stop };
}

/** The embedded database listens on a socket in a folder that only its own user may enter. */
async function openTunnel(target: URL): Promise<{ port: number; close(): void }> {
  const host = decodeURIComponent(target.hostname);
  const number = target.port === '' ? 5432 : Number(target.port);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = host.startsWith('/')
      ? connect(path.join(host, `.s.PGSQL.${number}`))
      : connect(number, host);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

whereItIs('two servers behind PgBouncer in transaction mode', () => {
  const undo: (() => Promise<unknown>)[] = [];
  const kek = randomBytes(32).toString('base64');
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let pooler: Pooler;
  let site: Installation;
  let second: TestServer;
  let direct: InstanceType<typeof pg.Client>;
  let project: ProjectFixture;
  let session: string;

  beforeAll(async () => {
    database = await createDatabase();
    undo.push(database.drop);
    // Migrations lock and create; they have a connection of their own.
    const migrating = await new DataSource(dataSourceOptions(database.url)).initialize();
    await migrate(migrating, () => undefined);
    await migrating.destroy();
    pooler = await startPooler(database.url, 4);
    undo.push(pooler.stop);
    const shared = { databaseUrl: pooler.url, kek };
    direct = new pg.Client(database.url);
    await direct.connect();
    undo.push(() => direct.end());
    site = await Installation.start(shared);
    undo.push(() => site.stop());
    second = await startServer(shared);
    undo.push(() => second.stop());
  }, 60_000);
  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  });
  beforeEach(async () => {
    project = await site.project({ deposit: '1' });
    session = await site.session(project.key);
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    await expectSoundHistory(
      async (sql, parameters) => (await direct.query(sql, parameters)).rows,
      site.organizationId,
    );
  });

  const acquire = (fields: object = {}, url = site.url) =>
    call(url, 'POST', '/v1/sdk/leases', {
      token: project.key,
      body: { leaseId: newId(), sessionId: session, wanted: '0.5', minimum: '0', ...fields },
    });
  const settle = (leaseId: string, fields: object = {}, url = site.url) =>
    call(url, 'POST', `/v1/sdk/leases/${leaseId}/settlements`, {
      token: project.key,
      body: { sessionId: session, seq: 1, usage: [], final: true, ...fields },
    });

  it('borrow, report, return and renew in one exchange', async () => {
    const { body } = await acquire();
    const report = {
      usage: [usage({ output: 100_000 })],
      next: { leaseId: newId(), wanted: '0.5', minimum: '0' },
    };
    const answer = await settle(body['leaseId'], report);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        booked: '0.200000000',
        returned: '0.300000000',
        next: { granted: true, amount: '0.500000000' },
      },
    });
    expect(await site.balance(project.id)).toMatchObject({
      spent: '0.200000000',
      leased: '0.500000000',
      available: '0.300000000',
    });
  });

  it('answer repetitions as before, on either server', async () => {
    const wish = { leaseId: newId() };
    const first = await acquire(wish);
    expect((await acquire(wish, second.url)).body).toEqual(first.body);
    const report = { usage: [usage({ output: 50_000 })] };
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        settle(wish.leaseId, report, index % 2 === 0 ? site.url : second.url),
      ),
    );
    expect(
      new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size,
    ).toBe(1);
    expect(await site.balance(project.id)).toMatchObject({ spent: '0.100000000' });
  });

  it('never lend more to a crowd than there is, in the balance and in a budget', async () => {
    const { id } = await site.must('POST', '/v1/budgets', {
      scope: 'organization',
      window: 'day',
      limit: '0.7',
    });
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        acquire({ wanted: '0.01', minimum: '0.01' }, index % 2 === 0 ? site.url : second.url),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(70);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(50);
    await site.must('DELETE', `/v1/budgets/${id}`);
  });

  it('book late usage, debt and a deposit that covers it', async () => {
    const { body } = await acquire();
    expect(
      (await settle(body['leaseId'], { usage: [usage({ output: 750_000 })] })).body,
    ).toMatchObject({ late: '1.000000000' });
    expect((await acquire()).status).toBe(402);
    await site.must('POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount: '2',
    });
    expect((await acquire()).status).toBe(201);
  });

  it('grant nothing after a pause, on either server', async () => {
    await site.must('POST', `/v1/projects/${project.id}/pause`, {});
    expect((await acquire({}, second.url)).status).toBe(423);
    expect((await acquire()).status).toBe(423);
  });

  it('expire leases and give the money back', async () => {
    await site.must('PATCH', `/v1/projects/${project.id}`, { policy: { graceSeconds: 0 } });
    await acquire();
    await direct.query(
      `UPDATE leases SET expires_at = now() - interval '1 second' WHERE project_id = $1`,
      [project.id],
    );
    for (
      const deadline = Date.now() + 10_000;
      (await site.balance(project.id)).leased !== '0.000000000';
    ) {
      expect(Date.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }, 15_000);

  it('start side by side, each after the other one has looked at the schema', async () => {
    const shared = { databaseUrl: pooler.url, kek };
    const servers = await Promise.allSettled(Array.from({ length: 6 }, () => startServer(shared)));
    for (const one of servers) if (one.status === 'fulfilled') await one.value.stop();
    expect(servers.filter(({ status }) => status === 'rejected')).toEqual([]);
  }, 60_000);

  it('leave no lock and no open transaction behind', async () => {
    await Promise.all(Array.from({ length: 40 }, () => acquire({ wanted: '0.01' })));
    const { rows } = await direct.query<{ kind: string }>(
      `SELECT 'advisory lock' AS kind FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       UNION ALL SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    expect(rows).toEqual([]);
  });
});
