import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startCountingProvider, type CountingProvider } from '../harness/counting-provider.js';
import { AgentProcess, CompiledSdk } from './agent-process.js';
import { FakeServer } from './fake-server.js';
import { makeKey, MINI, models, REAL_OPENAI_KEY, secretsFor, until } from './rig.js';

const sdk = new CompiledSdk();
let server: FakeServer;
let provider: CountingProvider;
let journalDir: string;
const key = makeKey();

const body = JSON.stringify({
  model: MINI,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'This prompt must not be on disk.' }],
});
const callSource = `
  const call = () => fetch(process.env.PROVIDER + '/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY },
    body: ${JSON.stringify(body)},
  });`;

function run(source: string, options: readonly string[] = [], fileBlocks?: number): AgentProcess {
  const path = sdk.write(`agent-${Math.random().toString(36).slice(2)}.js`, source);
  const environment = {
    IRON_CAGE_KEY: key,
    IRON_CAGE_URL: server.url,
    IRON_CAGE_JOURNAL_DIR: journalDir,
    PROVIDER: provider.url,
  };
  return new AgentProcess([...options, path], environment, fileBlocks);
}

beforeEach(async () => {
  provider = await startCountingProvider({
    prices: { [MINI]: { input: 150_000n, output: 600_000n } },
  });
  server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
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

const auto = `import './auto.js';${callSource}`;

describe('a process ends and its lease is returned', () => {
  it.each([
    ['by falling off its end', `${auto} await call();`, 0],
    ['by process.exit()', `${auto} await call(); process.exit(3);`, 3],
    [
      'by an uncaught error',
      `${auto} await call(); setTimeout(() => { throw new Error('x') });`,
      1,
    ],
    ['by an unhandled rejection', `${auto} await call(); Promise.reject(new Error('x'));`, 1],
  ])('%s', async (_name, source, code) => {
    const ended = await run(source).ended;
    expect(ended.code).toBe(code);
    expect(server.openLeases).toEqual([]);
    expect(server.heldNano).toBe(0n);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.spentNano).toBeGreaterThan(0n);
    expect(server.count('DELETE /v1/sdk/sessions/:id')).toBe(1);
    expect(readdirSync(journalDir)).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s, and it still dies of it', async (signal) => {
    const agent = run(`${auto} await call(); console.log('ready'); setInterval(() => {}, 1000);`);
    await until('the agent is ready', () => agent.output.includes('ready'));
    agent.kill(signal);
    expect((await agent.ended).signal).toBe(signal);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });

  it('by a signal that the application handles itself', async () => {
    const agent = run(`${auto}
      process.on('SIGTERM', () => { call().then(() => process.exit(0)); });
      await call(); console.log('ready'); setInterval(() => {}, 1000);`);
    await until('the agent is ready', () => agent.output.includes('ready'));
    agent.kill('SIGTERM');
    expect((await agent.ended).code).toBe(0);
    expect(provider.requests).toBe(2);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });

  it('with a call in flight, which is charged at its upper bound', async () => {
    provider.setScript(() => ({ text: 'late', latencyMs: 60_000 }));
    const agent = run(`${auto} void call(); setInterval(() => {}, 1000);`);
    await until('the call has left', () => provider.requests === 1);
    agent.kill('SIGTERM');
    await agent.ended;
    expect(server.records).toMatchObject([{ outcome: 'aborted', estimated: true }]);
    expect(server.records[0]?.['tokens']).toMatchObject({ output: 100 });
    expect(server.heldNano).toBe(0n);
  });
});

describe('on a full disk', () => {
  it('the agent goes on, with one warning, and all that it used is reported', async () => {
    const ended = await run(
      `import { cage } from './auto.js';${callSource}
       let journalled = 0;
       cage.on('warning', ({ code }) => console.log('warning ' + code));
       cage.on('usage', () => { journalled += 1; });
       for (let i = 0; i < 20; i += 1) await (await call()).json();
       console.log('calls ' + journalled);
       const journal = (await import('node:fs')).readdirSync(process.env.IRON_CAGE_JOURNAL_DIR);
       await cage.close();
       console.log('closed ' + journal.length);`,
      [],
      6,
    ).ended;
    expect(ended.output).toBe('warning JOURNAL_FAILED\ncalls 20\nclosed 1\n');
    expect(ended.code).toBe(0);
    expect(server.openLeases).toEqual([]);
    expect(server.heldNano).toBe(0n);
    expect(server.records).toHaveLength(20);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(readdirSync(journalDir)).toEqual([]);
  });

  it('the agent starts without a journal, and leaves no empty one behind', async () => {
    const ended = await run(`${auto} console.log((await call()).status);`, [], 0).ended;
    expect(ended.output).toBe('200\n');
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(readdirSync(journalDir)).toEqual([]);
  });
});

describe('after kill -9', () => {
  it('what was used is still reported when the key has been revoked meanwhile', async () => {
    const agent = run(`${auto} await call(); console.log('ready'); setInterval(() => {}, 1000);`);
    await until('the agent is ready', () => agent.output.includes('ready'));
    agent.kill('SIGKILL');
    await agent.ended;
    server.keyState = 'revoked';
    // Whose key is revoked gets no session that could prove anything: the journal waits.
    expect((await run(auto).ended).code).toBe(1);
    expect(server.openLeases).toHaveLength(1);
    expect(readdirSync(journalDir)).toHaveLength(1);
    server.senderBinding = 'off';
    expect((await run(auto).ended).code).toBe(1);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.spentNano).toBeGreaterThan(0n);
    expect(readdirSync(journalDir)).toEqual([]);
  });

  it('the next process reports what the dead one used and returns its lease', async () => {
    const agent = run(
      `${auto} await call(); await call(); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    await until('the agent is ready', () => agent.output.includes('ready'));
    agent.kill('SIGKILL');
    await agent.ended;
    expect(server.openLeases).toHaveLength(1);
    expect(server.spentNano).toBe(0n);

    const [name = ''] = readdirSync(journalDir);
    const path = join(journalDir, name);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('must not be on disk');
    expect(text).not.toContain(key);
    expect(text).not.toContain(REAL_OPENAI_KEY);

    const next =
      run(`import { cage } from './auto.js'; import { setTimeout } from 'node:timers/promises';
      for (let i = 0; i < 200 && !globalThis.done; i += 1) {
        await setTimeout(10);
        globalThis.done = (await (await fetch(process.env.PROVIDER + '/v1/models')).json()) && i > 20;
      }`);
    await next.ended;
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(readdirSync(journalDir)).toEqual([]);
  });
});

describe('starting', () => {
  it('works for a sibling module that constructs its client while it is imported', async () => {
    sdk.write(
      'sibling-client.js',
      `import OpenAI from 'openai';
       console.log('early ' + process.env.OPENAI_API_KEY.slice(0, 12));
       export const client = new OpenAI({ baseURL: process.env.PROVIDER + '/v1' });`,
    );
    const ended = await run(`import './auto.js';
      import { client } from './sibling-client.js';
      const messages = [{ role: 'user', content: 'hi' }];
      const answer = await client.chat.completions.create({ model: '${MINI}', messages });
      console.log(answer.choices[0].message.content);`).ended;
    expect(ended.output).toContain('early sk-ironcage-');
    expect(ended.output).toContain('Answer number 1.');
    expect(provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });

  it('works with node --import, before the agent is loaded', async () => {
    const ended = await run(`${callSource} console.log((await call()).status);`, [
      '--import',
      sdk.url('register.js'),
    ]).ended;
    expect(ended.output).toBe('200\n');
    expect(server.spentNano).toBe(provider.bill().totalNano);
  });

  it('returns the lease of a process that was started so and calls process.exit()', async () => {
    const agent = run(`${callSource} await call(); process.exit(0);`, [
      '--import',
      sdk.url('register.js'),
    ]);
    expect((await agent.ended).code).toBe(0);
    expect(server.openLeases).toEqual([]);
    expect(server.spentNano).toBe(provider.bill().totalNano);
    expect(server.sessions).toHaveLength(1);
  });

  it('fails at once, with a reason, and leaks no key', async () => {
    server.keyState = 'revoked';
    const ended = await run(`${auto} await call();`).ended;
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('unknown, expired, blocked or revoked');
    expect(ended.output).not.toContain(key);
    expect(provider.requests).toBe(0);
    server.keyState = 'active';
  });

  it('gives one connection per process', async () => {
    const ended = await run(`import { IronCage } from './index.js';
      const [first, second] = await Promise.all([IronCage.init(), IronCage.injectSecrets()]);
      const patched = globalThis.fetch === first.fetch;
      await first.close();
      const again = await IronCage.init();
      console.log(first === second, patched, again !== first, globalThis.fetch === again.fetch);
      await again.close();
      console.log(process.env.OPENAI_API_KEY, globalThis.fetch === again.fetch);`).ended;
    expect(ended.output).toBe('true true true true\nundefined false\n');
    expect(server.sessions).toHaveLength(2);
  });
});
