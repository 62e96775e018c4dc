import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { type Config, DEFAULT_RATE_LIMITS, keyConfig } from '../../src/platform/config/index.js';
import { startServer as start } from '../../src/server.js';

export interface TestServer {
  readonly url: string;
  readonly setupToken: string;
  /** The server's own database: created for it, dropped with it. */
  readonly databaseUrl: string;
  readonly dataDir: string;
  stop(): Promise<void>;
}

let count = 0;

/** The roles that the server makes for itself in a database. */
export function rolesOf(database: string): { app: string; system: string } {
  const suffix = createHash('md5').update(database).digest('hex').slice(0, 12);
  return { app: `iron_cage_app_${suffix}`, system: `iron_cage_system_${suffix}` };
}

/** An empty database beside the others on the test run's PostgreSQL. */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = process.env['IRON_CAGE_TEST_DATABASE_URL'];
  if (admin === undefined)
    throw new Error('IRON_CAGE_TEST_DATABASE_URL is not set: run the tests with npm test');
  const name = `test_${process.pid}_${Date.now().toString(36)}_${count++}`;
  const run = async (sql: string): Promise<void> => {
    const client = new pg.Client(admin);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  const url = admin.replace(/\/[^/]*$/, `/${name}`);
  const drop = async (): Promise<void> => {
    await run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await run(`DROP ROLE IF EXISTS ${Object.values(rolesOf(name)).join(', ')}`);
  };
  return { url, drop };
}

/** A real server on a free port, with a fresh database and data folder. */
export async function startServer(overrides: Partial<Config> = {}): Promise<TestServer> {
  const database = overrides.databaseUrl === undefined ? await createDatabase() : undefined;
  const dataDir = overrides.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'iron-cage-')));
  const databaseUrl = overrides.databaseUrl ?? database?.url ?? '';
  const server = await start({
    port: 0,
    host: '127.0.0.1',
    dataDir,
    publicUrl: undefined,
    kek: undefined,
    kekFile: undefined,
    keys: keyConfig({}, {}),
    trustedProxies: [],
    rateLimits: DEFAULT_RATE_LIMITS,
    metricsToken: undefined,
    supervised: false,
    databaseUrl,
    databaseFlags: [],
    redisUrl: undefined,
    logLevel: process.env['IRON_CAGE_TEST_LOG_LEVEL'] ?? 'fatal',
    ...overrides,
  });
  return {
    url: server.url,
    setupToken: server.setupToken ?? '',
    databaseUrl,
    dataDir,
    stop: async () => {
      await server.close();
      await database?.drop();
      if (overrides.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
