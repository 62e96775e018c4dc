import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { connect } from 'node:net';
import { Connection } from './connection.js';
import { percentile, type Row } from './report.js';
import { revocationLags } from './revocations.js';
import { BenchSite, type IssuedKey } from './site.js';

const CONNECTIONS = 64;
const WARM_UP_MS = 2_000;
const MEASURE_MS = 8_000;
const COLD_KEYS = 30_000;
/** Requests a second of the open loop that the latency is taken from: well below what saturates two cores. */
const CONSTANT_RATE = 500;
const REVOCATIONS = 1_000;

/**
 * What the check of a key costs. `echo` is bare Fastify that answers something small; `check.*` is the same answer behind the real check
 * of the key, with real Redis and PostgreSQL: `warm` with a key that the process remembers, `cold` with a key that neither the process nor Redis has
 * seen, so that each costs a look into both. `redis.get` is what a bare GET costs from one process.
 */
export async function run(): Promise<readonly Row[]> {
  const redis = await BenchRedis.start();
  if (!redis) {
    process.stderr.write('  no redis-server on this machine: the Redis rows are left out\n');
  }
  const site = await BenchSite.start({ redisUrl: redis?.url });
  try {
    const organizationId = await site.organization();
    const [warmKey] = await site.keys(organizationId, 1);
    if (!warmKey) throw new Error('no key was made');
    progress('echo');
    const echo = await serverRate(site, { redisUrl: redis?.url, checked: false }, () => warmKey);
    progress('redis.get');
    const get = redis && (await getRate(redis.url));
    progress('check.warm');
    const checked = { redisUrl: redis?.url, checked: true };
    const warm = await serverRate(site, checked, () => warmKey);
    progress('check.warm.p99');
    const latencies = await serverLatencies(site, checked, warmKey);
    progress('check.cold');
    const fresh = await site.keys(organizationId, COLD_KEYS);
    const cold = await serverRate(site, checked, (i) => fresh[i]);
    progress('revocations');
    const lags = redis ? await revocationLags(site, redis, REVOCATIONS) : [];
    return [
      { metric: 'echo', value: echo, unit: '/s' },
      ...(get === undefined ? [] : [{ metric: 'redis.get', value: get, unit: '/s' }]),
      ...compared('check.warm', warm, { echo, 'redis.get': get }),
      ...compared('check.cold', cold, { echo, 'redis.get': get }),
      { metric: 'check.warm.p99', value: percentile(latencies, 0.99), unit: 'ms' },
      ...lags,
    ];
  } finally {
    await site.stop();
    await redis?.stop();
  }
}

function progress(step: string): void {
  process.stderr.write(`  ${step} …\n`);
}

function compared(
  metric: string,
  value: number,
  references: Readonly<Record<string, number | undefined>>,
): Row[] {
  return Object.entries(references).flatMap(([reference, other]) =>
    other === undefined ? [] : [{ metric, value, unit: '/s', reference, ratio: value / other }],
  );
}

/** One process that GETs a record of the size that a key has, as fast as it is answered. */
async function getRate(url: string): Promise<number> {
  const redis = new Redis(url);
  await redis.set('bench', 'x'.repeat(450));
  const count = await closedLoop(
    Array.from({ length: CONNECTIONS }, () => async () => {
      await redis.get('bench');
      return true;
    }),
  );
  redis.disconnect();
  return count;
}

/** @returns how often a second, over all callers, until the time is over or they have nothing left to do */
async function closedLoop(callers: readonly (() => Promise<boolean>)[]): Promise<number> {
  const start = performance.now() + WARM_UP_MS;
  const end = start + MEASURE_MS;
  let count = 0;
  let last = start;
  await Promise.all(
    callers.map(async (call) => {
      while (performance.now() < end && (await call())) {
        const now = performance.now();
        if (now < start || now >= end) continue;
        count++;
        last = now;
      }
    }),
  );
  return (count / (last - start)) * 1_000;
}

interface ServerOptions {
  readonly redisUrl: string | undefined;
  /** false: answer without looking at the key. */
  readonly checked: boolean;
}

async function withServer<T>(
  site: BenchSite,
  options: ServerOptions,
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const server = spawn(
    process.execPath,
    [
      '--import',
      '@swc-node/register/esm-register',
      fileURLToPath(new URL('./check-server.ts', import.meta.url)),
    ],
    {
      env: {
        ...process.env,
        ...site.environment,
        REDIS_URL: options.redisUrl ?? '',
        CHECKED: String(options.checked),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(server, 'exit');
  try {
    const [text] = (await once(server.stdout, 'data')) as [Buffer];
    const { port } = JSON.parse(text.toString()) as { port: number };
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => Connection.open(`http://127.0.0.1:${port}`)),
    );
    const result = await work(connections);
    for (const connection of connections) connection.close();
    return result;
  } finally {
    server.kill();
    await ended;
  }
}

async function ask(connection: Connection, { key }: IssuedKey): Promise<void> {
  const { status, body } = await connection.post('/check', key, '{}');
  if (status !== 200) throw new Error(`the check was answered with ${status}: ${body}`);
}

/** @param keyOf the key of the n-th request; undefined ends the measurement */
function serverRate(
  site: BenchSite,
  options: ServerOptions,
  keyOf: (index: number) => IssuedKey | undefined,
): Promise<number> {
  let sent = 0;
  return withServer(site, options, (connections) =>
    closedLoop(
      connections.map((connection) => async () => {
        const key = keyOf(sent++);
        if (!key) return false;
        await ask(connection, key);
        return true;
      }),
    ),
  );
}

/** At a constant rate, counted from when each request should have left. @returns milliseconds */
function serverLatencies(
  site: BenchSite,
  options: ServerOptions,
  key: IssuedKey,
): Promise<number[]> {
  return withServer(site, options, async (connections) => {
    const idle = [...connections];
    const times: number[] = [];
    const running = new Set<Promise<void>>();
    const begin = performance.now();
    for (let sent = 0; ; sent++) {
      const due = begin + (sent / CONSTANT_RATE) * 1_000;
      if (due - begin > WARM_UP_MS + MEASURE_MS) break;
      while (performance.now() < due || idle.length === 0)
        await new Promise((wake) => setTimeout(wake, 1));
      const connection = idle.pop();
      if (!connection) continue;
      const work = ask(connection, key).then(() => {
        if (due - begin > WARM_UP_MS) times.push(performance.now() - due);
        idle.push(connection);
        running.delete(work);
      });
      running.add(work);
    }
    await Promise.all(running);
    return times;
  });
}

/** A Redis of its own, so that nobody else's is measured or filled. */
export class BenchRedis {
  private constructor(
    readonly url: string,
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @returns `undefined` when this machine has none */
  static async start(): Promise<BenchRedis | undefined> {
    try {
      execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-bench-redis-'));
    const port = 30_000 + (process.pid % 20_000);
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      { stdio: 'ignore' },
    );
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`redis-server did not start on port ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return new BenchRedis(`redis://127.0.0.1:${port}`, port, child, folder);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => {
      resolve(false);
    });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
