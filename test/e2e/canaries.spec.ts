import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { call, sessionRequest, usage } from '../harness/installation.js';
import { createDatabase } from '../harness/server.js';

const REDIS_URL = process.env['IRON_CAGE_TEST_REDIS_URL'];
const ROOT = new URL('../../', import.meta.url).pathname;

/** What must be nowhere but where it was given: each is unmistakable. */
const mark = (): string => randomBytes(9).toString('hex');
const PASSWORD = `password canary ${mark()}`;
const NEXT_PASSWORD = `next password canary ${mark()}`;
const PROVIDER = `sk-proj-canary-${mark()}`;
const ROTATED = `sk-proj-rotated-${mark()}`;

/** Every row of every table, as text: what a dump of the database would hold. */
async function dump(databaseUrl: string): Promise<string> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    let text = '';
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(
        `SELECT t::text AS line FROM ${name} t`,
      );
      text += rows.map(({ line }) => line).join('\n');
    }
    return text;
  } finally {
    await client.end();
  }
}

async function redisContents(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    let text = '';
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key);
      const value =
        type === 'string'
          ? await redis.get(key)
          : type === 'hash'
            ? await redis.hgetall(key)
            : type === 'zset'
              ? await redis.zrange(key, '0', '-1')
              : type === 'set'
                ? await redis.smembers(key)
                : type === 'list'
                  ? await redis.lrange(key, 0, -1)
                  : type;
      text += `${key} ${JSON.stringify(value)}\n`;
    }
    return text;
  } finally {
    redis.disconnect();
  }
}

describe('secrets after a day of work', () => {
  let url: string;
  let log = '';
  let child: ReturnType<typeof spawn>;
  let dataDir: string;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  const hot: string[] = [];
  const canaries: string[] = [PASSWORD, NEXT_PASSWORD, PROVIDER, ROTATED];

  beforeAll(async () => {
    database = await createDatabase();
    dataDir = await mkdtemp(path.join(tmpdir(), 'ic-canaries-'));
    child = spawn(
      process.execPath,
      ['--import', '@swc-node/register/esm-register', 'src/main.ts'],
      {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: '/nonexistent',
          HOST: '127.0.0.1',
          PORT: '0',
          LOG_LEVEL: 'debug',
          DATABASE_URL: database.url,
          IRON_CAGE_DATA_DIR: dataDir,
          ...(REDIS_URL !== undefined && { REDIS_URL }),
        },
      },
    );
    const ended = new Promise<never>((_resolve, reject) =>
      child.once('exit', () => reject(new Error(`the server ended: ${log}`))),
    );
    ended.catch(() => undefined);
    const ready = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          log += chunk.toString();
          if (/Master key .*\n/.test(log)) resolve();
        });
    });
    await Promise.race([ready, ended]);
    url = /Dashboard\s+(\S+)\/dashboard\//.exec(log)?.[1] ?? '';
  });
  afterAll(async () => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('goes through everything that touches one', async () => {
    const setupToken = (await readFile(path.join(dataDir, 'setup-token'), 'utf8')).trim();
    const owner = { email: 'owner@acme.test', password: PASSWORD };
    const { body: set } = await call(url, 'POST', '/v1/setup', {
      body: { token: setupToken, organizationName: 'Acme', name: 'Rosa', ...owner },
    });
    let token = set['accessToken'] as string;
    const must = async (method: string, where: string, body?: unknown) => {
      const answer = await call(url, method, where, { token, ...(body !== undefined && { body }) });
      if (answer.status >= 300)
        throw new Error(`${method} ${where}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    const { id } = await must('POST', '/v1/projects', { name: 'Research' });
    await must('POST', `/v1/projects/${id}/deposits`, { requestId: newId(), amount: '5' });
    const secret = await must('POST', '/v1/secrets', {
      name: 'openai',
      provider: 'openai',
      projectId: id,
      fields: { OPENAI_API_KEY: PROVIDER },
    });
    await must('POST', `/v1/secrets/${secret['id']}/versions`, {
      fields: { OPENAI_API_KEY: ROTATED },
    });
    const { secret: key } = await must('POST', `/v1/projects/${id}/keys`, {
      name: 'a',
      environment: 'dev',
    });
    canaries.push(key, key.split('_').at(-1).slice(0, 32), token.split('.')[2] ?? '');
    const agent = (method: string, where: string, body?: unknown) =>
      call(url, method, where, { token: key, ...(body !== undefined && { body }) });
    const { body: session } = await agent('POST', '/v1/sdk/sessions', sessionRequest());
    const { sessionId } = session;
    const leaseId = newId();
    const lease = { leaseId, sessionId, wanted: '0.5', minimum: '0' };
    expect((await agent('POST', '/v1/sdk/leases', lease)).status).toBe(201);
    const report = { sessionId, seq: 1, usage: [usage({ input: 100 })], final: true };
    expect((await agent('POST', `/v1/sdk/leases/${leaseId}/settlements`, report)).status).toBe(200);
    // What goes wrong is written down more fully than what goes well.
    await call(url, 'POST', '/v1/auth/login', { body: { ...owner, extra: PASSWORD } });
    await call(url, 'POST', '/v1/auth/login', { body: `{"password":"${PASSWORD}` });
    await call(url, 'GET', `/v1/keys?key=${key}`, { token });
    await call(url, 'GET', `/v1/keys/${key}`, { token });
    await call(url, 'POST', '/v1/secrets', {
      token,
      body: { fields: { OPENAI_API_KEY: PROVIDER } },
    });
    await agent('POST', '/v1/sdk/leases', { ...lease, minimum: PROVIDER });
    await must('PUT', '/v1/auth/password', {
      currentPassword: PASSWORD,
      newPassword: NEXT_PASSWORD,
    });
    const again = await call(url, 'POST', '/v1/auth/login', {
      body: { ...owner, password: NEXT_PASSWORD },
    });
    token = again.body['accessToken'];
    canaries.push(token.split('.')[2] ?? '');
    const cookie = again.headers.getSetCookie()[0]?.split(';')[0]?.split('=')[1];
    if (cookie !== undefined) canaries.push(cookie);
    if (REDIS_URL !== undefined) hot.push(await redisContents(REDIS_URL));
    await must('DELETE', `/v1/keys/${key.split('_')[2]}`);
  });

  it('are in no log line', () => {
    expect(log.length).toBeGreaterThan(2_000);
    expect(canaries.filter((canary) => log.includes(canary))).toEqual([]);
  });

  it('are in no row of the database', async () => {
    const text = await dump(database.url);
    expect(text).toContain('owner@acme.test');
    const hex = (canary: string) => Buffer.from(canary).toString('hex');
    expect(
      canaries.filter((canary) => text.includes(canary) || text.includes(hex(canary))),
    ).toEqual([]);
  });

  it('are nowhere in Redis', () => {
    for (const text of hot) expect(canaries.filter((canary) => text.includes(canary))).toEqual([]);
    expect(canaries.length).toBeGreaterThan(7);
  });
});
