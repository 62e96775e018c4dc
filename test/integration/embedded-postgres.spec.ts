import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres.js';
import { readPostmaster } from '../../src/platform/database/embedded/owner.js';

const QUICK = ['fsync=off', 'full_page_writes=off'];

let base: string;
let running: EmbeddedPostgres[] = [];
let holders: ChildProcess[] = [];

async function start(dataDir: string, exclusive = false): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres(dataDir, { flags: QUICK, exclusive });
  running.push(database);
  return database;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that runs the database in `dataDir` until it is killed. */
async function holder(dataDir: string): Promise<ChildProcess> {
  const launcher = path.resolve('src/platform/database/embedded-postgres.ts');
  const script = `const { startEmbeddedPostgres } = await import(${JSON.stringify(launcher)});
    console.log((await startEmbeddedPostgres(${JSON.stringify(dataDir)}, { flags: ['fsync=off'] })).url);
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', '--input-type=module', '-e', script],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  holders.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await wait(50);
  }
  throw new Error('waited 10 seconds in vain');
}

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'ic-pg-'));
});

afterEach(async () => {
  for (const database of running) await database.stop();
  running = [];
  for (const child of holders) child.kill('SIGKILL');
  holders = [];
  rmSync(base, { recursive: true, force: true });
});

describe('a first start', () => {
  it('creates a database that only a private socket and a password reach, and the next start finds its data', async () => {
    const dataDir = path.join(base, 'pg');
    const first = await start(dataDir);
    await query(first.url, 'CREATE TABLE note AS SELECT 7 AS n');
    expect(await query(first.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    expect(statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600);
    expect(statSync(`${dataDir}.socket`).mode & 0o777).toBe(0o700);
    await expect(query(first.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
      'password',
    );
    await first.stop();
    expect(readdirSync(base).sort()).toEqual(['pg', 'pg.password', 'pg.socket']);
    const second = await start(dataDir);
    expect(second.reused).toBe(false);
    expect(await query(second.url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
  });

  it('is durable unless it is told otherwise', async () => {
    const database = await startEmbeddedPostgres(path.join(base, 'pg'));
    running.push(database);
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await query(database.url, `SHOW ${setting}`)).toEqual([{ [setting]: 'on' }]);
    }
  });

  it('works under a path that is too long for a Unix socket', async () => {
    const database = await start(path.join(base, 'long-'.repeat(20), 'pg'));
    expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    rmSync(decodeURIComponent(/@(.*)\//.exec(database.url)?.[1] ?? ''), { recursive: true });
  });

  it('works in a folder that only its owner may enter', async () => {
    const home = path.join(base, 'home');
    mkdirSync(home, { mode: 0o700 });
    const database = await start(path.join(home, 'pg'));
    expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts over after a first start that was interrupted', async () => {
    mkdirSync(path.join(base, 'pg.new/base'), { recursive: true });
    writeFileSync(path.join(base, 'pg.new/PG_VERSION'), '18\n');
    const database = await start(path.join(base, 'pg'));
    expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(path.join(base, 'pg.new'))).toBe(false);
  });
});

describe('a data folder that must not be touched', () => {
  it('is refused when it holds other files', async () => {
    const dataDir = path.join(base, 'pg');
    mkdirSync(dataDir);
    writeFileSync(path.join(dataDir, 'thesis.txt'), 'precious');
    await expect(start(dataDir)).rejects.toMatchObject({
      problem: 'folder-not-a-database',
      message: expect.stringContaining('IRON_CAGE_DATA_DIR'),
    });
    expect(readdirSync(dataDir)).toEqual(['thesis.txt']);
  });

  it('is refused when another version of PostgreSQL made it', async () => {
    const dataDir = path.join(base, 'pg');
    mkdirSync(dataDir);
    writeFileSync(path.join(dataDir, 'PG_VERSION'), '15\n');
    await expect(start(dataDir)).rejects.toMatchObject({
      problem: 'folder-of-other-version',
      message: expect.stringContaining('PostgreSQL 15'),
    });
  });

  it('is refused, with the last lines of PostgreSQL, when it is damaged', async () => {
    const dataDir = path.join(base, 'pg');
    await (await start(dataDir)).stop();
    running = [];
    const control = path.join(dataDir, 'global/pg_control');
    truncateSync(control, 20);
    await expect(start(dataDir)).rejects.toMatchObject({
      problem: 'folder-damaged',
      message: expect.stringMatching(/backup[^]*(PANIC|FATAL)/),
    });
    rmSync(control);
    await expect(start(dataDir)).rejects.toMatchObject({
      problem: 'folder-damaged',
      message: expect.stringContaining('pg_control'),
    });
    expect(existsSync(path.join(dataDir, 'PG_VERSION'))).toBe(true);
  });

  it('is refused when it cannot be written', async () => {
    writeFileSync(path.join(base, 'file'), '');
    await expect(start(path.join(base, 'file/pg'))).rejects.toMatchObject({
      problem: 'folder-not-writable',
    });
  });
});

describe('after a kill', () => {
  it('shares a database that a live process runs, or refuses to', async () => {
    const dataDir = path.join(base, 'pg');
    await start(dataDir);
    const second = await start(dataDir);
    expect(second.reused).toBe(true);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(start(dataDir, true)).rejects.toMatchObject({
      problem: 'folder-in-use',
      message: expect.stringContaining(String(process.pid)),
    });
  });

  it('stops by itself when its process is killed, and keeps what was committed', async () => {
    const dataDir = path.join(base, 'pg');
    const child = await holder(dataDir);
    const shared = await start(dataDir);
    expect(shared.reused).toBe(true);
    await query(shared.url, 'CREATE TABLE note AS SELECT 7 AS n');
    child.kill('SIGKILL');
    await until(() => readPostmaster(dataDir) === undefined);
    const next = await start(dataDir);
    expect(next.reused).toBe(false);
    expect(await query(next.url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
  });

  it('recovers when database and process are killed together', async () => {
    const dataDir = path.join(base, 'pg');
    const child = await holder(dataDir);
    const shared = await start(dataDir);
    await query(shared.url, 'CREATE TABLE note AS SELECT 7 AS n');
    process.kill(readPostmaster(dataDir)!.pid, 'SIGKILL');
    child.kill('SIGKILL');
    const next = await start(dataDir);
    expect(await query(next.url, 'SELECT n FROM note')).toEqual([{ n: 7 }]);
  });

  it('is started again when only the database was killed', async () => {
    const dataDir = path.join(base, 'pg');
    const database = await start(dataDir);
    const pid = readPostmaster(dataDir)!.pid;
    process.kill(pid, 'SIGKILL');
    await until(() => (readPostmaster(dataDir)?.pid ?? pid) !== pid);
    await wait(500);
    expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
