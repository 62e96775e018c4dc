import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { call, type Json, OWNER } from '../harness/installation.js';
import { eventually } from '../harness/people.js';
import { createDatabase } from '../harness/server.js';
import { delivered } from '../harness/vault.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const redisUrl = process.env['IRON_CAGE_TEST_REDIS_URL'];
/** In two halves, so that this file itself is no hit. */
const CANARY = ['sk-canary', 'Qm72xZt19Lw84Rb63Vn50Ky'].join('-');
const FIELD = 'OPENAI_API_KEY';

/** A server process of its own, as chatty as it can be, that writes what is in its memory when it is told to. */
class WatchedServer {
  output = '';
  private constructor(
    readonly child: ChildProcess,
    readonly folder: string,
  ) {}

  static async start(env: Record<string, string>): Promise<WatchedServer> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ic-canary-'));
    const child = spawn(
      process.execPath,
      [
        '--heapsnapshot-signal=SIGUSR2',
        `--diagnostic-dir=${folder}`,
        '--import',
        '@swc-node/register/esm-register',
        'src/main.ts',
      ],
      {
        cwd: ROOT,
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: '/nonexistent',
          PORT: '0',
          LOG_LEVEL: 'trace',
          IRON_CAGE_DATA_DIR: path.join(folder, 'data'),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const server = new WatchedServer(child, folder);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (server.output += text));
    await eventually(async () => {
      await Promise.resolve();
      expect(server.output).toMatch(/Master key .*\n/);
    }, 40_000);
    return server;
  }

  get url(): string {
    return /Dashboard\s+(\S+)\/dashboard\//.exec(this.output)?.[1] ?? '';
  }

  get setupToken(): string {
    return /setup#token=([\w-]+)/.exec(this.output)?.[1] ?? '';
  }

  /** @returns the file with every object and string in the memory of the process */
  async heapSnapshot(): Promise<string> {
    this.child.kill('SIGUSR2');
    let size = -1;
    let file = '';
    await eventually(async () => {
      const name = (await readdir(this.folder)).find((entry) => entry.endsWith('.heapsnapshot'));
      expect(name).toBeDefined();
      file = path.join(this.folder, name ?? '');
      const before = size;
      size = (await stat(file)).size;
      expect(size).toBeGreaterThan(1_000_000);
      expect(size).toBe(before);
    }, 40_000);
    return file;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** How often a text is in a file; pieces of the file overlap, so that none is missed between two. */
async function occurrences(file: string, needle: string): Promise<number> {
  let found = 0;
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'latin1' })) {
    const text = rest + String(chunk);
    found += text.split(needle).length - 1;
    rest = text.slice(-(needle.length - 1));
  }
  return found;
}

describe('a provider key', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let server: WatchedServer;
  beforeAll(async () => {
    database = await createDatabase();
    server = await WatchedServer.start({
      DATABASE_URL: database.url,
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('is in no log, answer, table, Redis, or idle memory of the server', async () => {
    const heard: string[] = [];
    const redis = redisUrl === undefined ? undefined : new Redis(redisUrl);
    const monitor = await redis?.monitor();
    monitor?.on('monitor', (_time: string, command: string[]) => heard.push(command.join(' ')));
    const answers: string[] = [];
    const login: { token?: string } = {};
    const send = async (method: string, at: string, body?: unknown): Promise<Json> => {
      const answer = await call(server.url, method, at, {
        token: login.token,
        ...(body !== undefined && { body }),
      });
      answers.push(JSON.stringify([answer.body, ...answer.headers]));
      return answer.body;
    };
    const setup = await send('POST', '/v1/setup', {
      token: server.setupToken,
      organizationName: 'Acme',
      ...OWNER,
    });
    login.token = setup['accessToken'] as string;
    const { id: projectId } = await send('POST', '/v1/projects', { name: 'Research' });
    const base = { name: 'main', provider: 'openai' };
    const secret = await send('POST', '/v1/secrets', { ...base, fields: { [FIELD]: CANARY } });
    expect(secret['version']).toBe(1);
    const { secret: key } = await send('POST', `/v1/projects/${projectId}/keys`, {
      name: 'agent',
      environment: 'dev',
    });
    expect(await delivered(server.url, key as string, FIELD)).toEqual([CANARY]);

    // What goes wrong with a key in hand: each of these carries it.
    const fields = { [FIELD]: CANARY };
    await send('POST', '/v1/secrets', { ...base, fields });
    await send('POST', '/v1/secrets', { ...base, fields: { [FIELD]: `${CANARY} ` } });
    await send('POST', '/v1/secrets', { ...base, fields, [CANARY]: CANARY, hosts: [CANARY] });
    await send('POST', '/v1/secrets', { ...base, fields, header: { name: CANARY, value: CANARY } });
    await send('POST', '/v1/secrets', { ...base, references: { [FIELD]: CANARY } });
    await send('POST', '/v1/secrets', `{"fields":{"${FIELD}":"${CANARY}"`);
    await send('POST', `/v1/secrets/${projectId}/versions`, { fields });
    await send('POST', `/v1/secrets/${secret['id']}/versions`, { fields });
    await send('POST', '/v1/vault/data-keys', { replaces: 1 });
    await send('POST', '/v1/vault/seal', {});
    await send('POST', `/v1/secrets/${secret['id']}/versions`, { fields });
    await send('POST', '/v1/vault/unseal', {});
    expect(await delivered(server.url, key as string, FIELD)).toEqual([CANARY]);
    for (let i = 0; i < 20; i++) await send('GET', '/v1/secrets');

    expect(server.output).toContain('"level"');
    expect(server.output.includes(CANARY)).toBe(false);
    expect(answers.filter((answer) => answer.includes(CANARY))).toEqual([]);
    expect(heard.filter((command) => command.includes(CANARY))).toEqual([]);
    if (redis) expect(heard.length).toBeGreaterThan(0);
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    for (const { name } of rows) {
      const hits = await client.query(
        `SELECT 1 FROM ${name} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0`,
        [CANARY],
      );
      expect([name, hits.rowCount]).toEqual([name, 0]);
    }
    await client.end();

    const file = await server.heapSnapshot();
    // The search finds what is there: the name of the secret's field is in the code and the answers.
    expect(await occurrences(file, FIELD)).toBeGreaterThan(0);
    expect(await occurrences(file, CANARY)).toBe(0);

    monitor?.disconnect();
    redis?.disconnect();
  }, 120_000);
});
