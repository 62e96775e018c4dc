import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { parseMoney, showMoney } from '../../src/kernel/money.js';
import { readConfig } from '../../src/platform/config/index.js';
import { startServer } from '../../src/server.js';
import { type CountingProvider, startCountingProvider } from '../harness/counting-provider.js';
import { type AgentMessage, runAgent } from './agent-process.js';
import { type Balance, Client } from './client.js';

const OPENAI_KEY = 'sk-demo-real-key-that-only-the-vault-knows';
const ANTHROPIC_KEY = 'sk-ant-demo-real-key-that-only-the-vault-knows';
const PAUSE_AFTER_TICKETS = 5;
/** Longer than any retry or prefetch of the SDK. */
const WATCH_AFTER_STOP_MS = 2_000;

/** One line of the table at the end; `ok` decides the exit code. */
export interface Line {
  readonly what: string;
  readonly research: string;
  readonly support: string;
  readonly ok: boolean;
}

export interface Story {
  readonly lines: readonly Line[];
  readonly ok: boolean;
}

interface Project {
  readonly id: string;
  readonly name: string;
  readonly key: string;
}

/** What was seen of one agent and of the provider that it talked to. */
interface Scene {
  readonly provider: CountingProvider;
  readonly project: Project;
  readonly realKey: string;
  blockedWith: string;
  blockedCalls: number;
  requestsAtStop: number;
  exitCode: number | null;
}

/**
 * The three stories of the product, played by real parts: server, embedded database, vault, SDK, two agent processes. Only the
 * providers are local; they speak the real protocols and count, on their own, what they would bill.
 */
export async function tellStory(say: (line: string) => void, databaseUrl?: string): Promise<Story> {
  const folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-demo-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    say('Starting Iron Cage with an empty data folder …');
    const config = readConfig({
      PORT: '0',
      LOG_LEVEL: 'error',
      IRON_CAGE_DATA_DIR: folder,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    });
    const server = await startServer(config);
    undo.push(() => server.close());
    say(
      `  server ${server.url}, ${server.embeddedDatabase ? 'embedded PostgreSQL' : 'given PostgreSQL'}, ${server.migrated} migrations`,
    );

    const openai = await startCountingProvider({
      prices: { 'gpt-5': { input: 1_250_000n, cacheRead: 125_000n, output: 10_000_000n } },
    });
    undo.push(() => openai.close());
    const anthropic = await startCountingProvider({
      prices: {
        'claude-haiku-4-5': {
          input: 1_000_000n,
          cacheRead: 100_000n,
          cacheWrite: 1_250_000n,
          output: 5_000_000n,
        },
      },
    });
    undo.push(() => anthropic.close());
    say(`  provider that speaks OpenAI chat        ${openai.url}`);
    say(`  provider that speaks Anthropic messages ${anthropic.url}`);

    const client = new Client(server.url);
    await client.setUp(server.setupToken ?? '');
    const research = await play(client, say, {
      name: 'Research',
      provider: openai,
      kind: 'openai',
      field: 'OPENAI_API_KEY',
      realKey: OPENAI_KEY,
    });
    const support = await play(client, say, {
      name: 'Support',
      provider: anthropic,
      kind: 'anthropic',
      field: 'ANTHROPIC_API_KEY',
      realKey: ANTHROPIC_KEY,
    });
    await tellResearch(client, server.url, research, say);
    await tellSupport(client, server.url, support, say);
    return await settleUp(client, research, support);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function play(
  client: Client,
  say: (line: string) => void,
  cast: { name: string; provider: CountingProvider; kind: string; field: string; realKey: string },
): Promise<Scene> {
  const { id } = await client.send<{ id: string }>('POST', '/v1/projects', {
    name: cast.name,
    policy: { senderBinding: 'required' },
  });
  await client.send('POST', `/v1/projects/${id}/deposits`, {
    requestId: newId(),
    amount: '1.00',
    reason: 'demo',
  });
  await client.send('POST', '/v1/secrets', {
    name: `${cast.kind} demo`,
    provider: cast.kind,
    projectId: id,
    hosts: [cast.provider.host],
    fields: { [cast.field]: cast.realKey },
  });
  const { secret } = await client.send<{ secret: string }>('POST', `/v1/projects/${id}/keys`, {
    name: 'demo agent',
    environment: 'dev',
  });
  say(
    `Project "${cast.name}": $1.00 deposited, ${cast.kind} key in the vault, Iron Cage key ${secret.slice(0, 15)}…`,
  );
  return {
    provider: cast.provider,
    project: { id, name: cast.name, key: secret },
    realKey: cast.realKey,
    blockedWith: '',
    blockedCalls: 0,
    requestsAtStop: 0,
    exitCode: null,
  };
}

/** Injection, leasing, and the end of the budget: an agent with tools runs until its dollar is gone. */
async function tellResearch(
  client: Client,
  url: string,
  scene: Scene,
  say: (line: string) => void,
): Promise<void> {
  say('Agent 1: LangChain.js with a tool, runs until its $1.00 is gone …');
  // Every question takes two calls: one that asks for the tool, one that answers.
  scene.provider.setScript(({ afterTool, number }) =>
    afterTool
      ? {
          text: `That is about right (answer ${number}).`,
          outputTokens: 1_400 + (number % 7) * 100,
        }
      : {
          toolCalls: [{ name: 'population', arguments: { city: 'Lisbon' } }],
          outputTokens: 1_900 + (number % 5) * 111,
        },
  );
  const told = await runAgent(
    './research-agent.mjs',
    {
      IRON_CAGE_URL: url,
      IRON_CAGE_KEY: scene.project.key,
      OPENAI_BASE_URL: `${scene.provider.url}/v1`,
    },
    (message) => {
      if (message.event === 'blocked') {
        stopped(scene, message, say);
        return;
      }
      if (message.number % 5 === 0)
        say(
          `  ${message.number} questions answered, provider's bill so far ${showMoney(scene.provider.bill().totalNano)}`,
        );
    },
  );
  await finish(client, scene, told, say);
}

/** The kill switch: somebody presses pause while an agent streams. */
async function tellSupport(
  client: Client,
  url: string,
  scene: Scene,
  say: (line: string) => void,
): Promise<void> {
  say(`Agent 2: Anthropic, streamed; paused by a person after ${PAUSE_AFTER_TICKETS} tickets …`);
  scene.provider.setScript(() => ({
    text: 'We are sorry. Your parcel arrives tomorrow.',
    outputTokens: 900,
    inputTokens: 25,
    chunkDelayMs: 15,
  }));
  let pausedAt = 0;
  let pause: Promise<void> | undefined;
  const told = await runAgent(
    './support-agent.mjs',
    {
      IRON_CAGE_URL: url,
      IRON_CAGE_KEY: scene.project.key,
      ANTHROPIC_BASE_URL: scene.provider.url,
    },
    (message) => {
      if (message.event === 'blocked') {
        if (scene.blockedCalls === 0)
          say(`  stopped ${Math.round(performance.now() - pausedAt)} ms after the pause`);
        stopped(scene, message, say);
        return;
      }
      if (message.number !== PAUSE_AFTER_TICKETS) return;
      pausedAt = performance.now();
      pause = client
        .send<{ stillLeased: string }>('POST', `/v1/projects/${scene.project.id}/pause`, {
          reason: 'demo: somebody pressed the button',
        })
        .then(({ stillLeased }) => say(`  paused; at most $${stillLeased} is still leased`));
    },
  );
  await pause;
  await finish(client, scene, told, say);
}

function stopped(
  scene: Scene,
  message: Extract<AgentMessage, { event: 'blocked' }>,
  say: (line: string) => void,
): void {
  scene.blockedCalls++;
  if (scene.blockedCalls > 1) return;
  scene.blockedWith = message.name;
  scene.requestsAtStop = scene.provider.requests;
  say(`  ${message.name}: ${message.message}`);
}

async function finish(
  client: Client,
  scene: Scene,
  told: Awaited<ReturnType<typeof runAgent>>,
  say: (line: string) => void,
): Promise<void> {
  scene.exitCode = told.exitCode;
  if (told.exitCode !== 0)
    say(
      told.output
        .split('\n')
        .slice(-20)
        .map((line) => `  | ${line}`)
        .join('\n'),
    );
  // What the agent held comes back with its last report; a moment later nothing may be leased.
  for (let i = 0; i < 50 && (await balance(client, scene)).leased !== '0.000000000'; i++)
    await new Promise((wake) => setTimeout(wake, 100));
}

async function balance(client: Client, scene: Scene): Promise<Balance> {
  return (await client.send<{ balance: Balance }>('GET', `/v1/projects/${scene.project.id}`))
    .balance;
}

/** The provider's own count beside ours: every figure must agree to the nano-dollar. */
async function settleUp(client: Client, research: Scene, support: Scene): Promise<Story> {
  // A request that slipped through after the stop would have to show up by now.
  await new Promise((wake) => setTimeout(wake, WATCH_AFTER_STOP_MS));
  const [one, two] = await Promise.all([figures(client, research), figures(client, support)]);
  const check = await client.send<{ ok: boolean; findings: unknown[] }>('GET', '/v1/ledger/check');
  const line = (
    what: string,
    value: (f: Figures) => string,
    ok: (f: Figures) => boolean = () => true,
  ): Line => ({ what, research: value(one), support: value(two), ok: ok(one) && ok(two) });
  const lines = [
    line(
      "provider's bill",
      (f) => money(f.bill),
      (f) => f.bill > 0n,
    ),
    line('ledger: spent', (f) => money(f.spent)),
    line(
      'difference',
      (f) => money(f.bill - f.spent),
      (f) => f.bill === f.spent,
    ),
    line(
      'balance: free',
      (f) => money(f.free),
      (f) => f.free >= 0n && f.debt === 0n,
    ),
    line(
      'balance: still leased',
      (f) => money(f.leased),
      (f) => f.leased === 0n,
    ),
    line(
      'deposit accounted for',
      (f) => money(f.spent + f.free + f.leased),
      (f) => f.spent + f.free + f.leased === f.deposited,
    ),
    line(
      'requests billed',
      (f) => String(f.requests),
      (f) => f.requests > 0,
    ),
    line('blocked with', (f) => f.blockedWith),
    line(
      'calls blocked',
      (f) => String(f.blockedCalls),
      (f) => f.blockedCalls === 4,
    ),
    line(
      'requests after the stop',
      (f) => String(f.after),
      (f) => f.after === 0,
    ),
    line(
      'real key seen by provider only',
      (f) => (f.realKeyOnly ? 'yes' : 'no'),
      (f) => f.realKeyOnly,
    ),
    line(
      'agent ended by itself',
      (f) => (f.exitCode === 0 ? 'yes' : `exit code ${f.exitCode}`),
      (f) => f.exitCode === 0,
    ),
    {
      what: 'ledger check',
      research: check.ok ? 'ok' : `${check.findings.length} findings`,
      support: '',
      ok: check.ok,
    },
  ];
  return { lines, ok: lines.every(({ ok }) => ok) };
}

interface Figures {
  readonly bill: bigint;
  readonly deposited: bigint;
  readonly spent: bigint;
  readonly free: bigint;
  readonly leased: bigint;
  readonly debt: bigint;
  readonly requests: number;
  readonly after: number;
  readonly blockedWith: string;
  readonly blockedCalls: number;
  readonly realKeyOnly: boolean;
  readonly exitCode: number | null;
}

async function figures(client: Client, scene: Scene): Promise<Figures> {
  const { provider } = scene;
  const { deposited, spent, available, leased, debt } = await balance(client, scene);
  const nano = (text: string): bigint => parseMoney(text) ?? -1n;
  const { records, totalNano } = provider.bill();
  return {
    bill: totalNano,
    deposited: nano(deposited),
    spent: nano(spent),
    free: nano(available),
    leased: nano(leased),
    debt: nano(debt),
    requests: records.length,
    after: provider.requests - scene.requestsAtStop,
    blockedWith: scene.blockedWith,
    blockedCalls: scene.blockedCalls,
    realKeyOnly: records.every(({ apiKey }) => apiKey === scene.realKey),
    exitCode: scene.exitCode,
  };
}

const money = (nano: bigint): string => showMoney(nano);
