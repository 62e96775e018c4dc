import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  startCountingProvider,
  type CountingProvider,
  type Script,
} from '../harness/counting-provider.js';
import { FakeServer, type Json } from './fake-server.js';
import { nodeVersions, PackedSdk } from './packed-sdk.js';
import {
  anthropicUrl,
  CLAUDE,
  makeKey,
  MINI,
  models,
  nanoTotal,
  rates,
  REFUSAL_MS,
  secretsFor,
} from './rig.js';
import { kinds, versionsAgent, type Frameworks } from './versions-agent.js';

/** LangChain has peers, which it must find under their own names: where each lies here. */
type LangChain = Readonly<Record<string, string>>;
interface Tried {
  readonly frameworks: Frameworks;
  readonly langChain: LangChain;
}

const oldClients: Frameworks = {
  openai: 'openai-6',
  anthropic: 'anthropic-sdk-0',
  ai: 'ai-6',
  aiOpenAi: 'ai-sdk-openai-3',
};
const newClients: Frameworks = {
  openai: 'openai',
  anthropic: '@anthropic-ai/sdk',
  ai: 'ai',
  aiOpenAi: '@ai-sdk/openai',
};
const firstLangChain: LangChain = {
  langchain: 'langchain-1',
  '@langchain/core': 'langchain-core-1',
  '@langchain/openai': 'langchain-openai-1',
  '@langchain/langgraph': 'langgraph-1',
  '@langchain/langgraph-checkpoint': 'langgraph-checkpoint-1',
};
const langChain: LangChain = {
  langchain: 'langchain',
  '@langchain/core': '@langchain/core',
  '@langchain/openai': '@langchain/openai',
};
const nodes = nodeVersions();
const hasOldNode = nodes.some(({ version }) => version.startsWith('v20.'));
if (!hasOldNode) {
  process.stdout.write(
    'frameworks are not tried on Node 20: the machine has none of 20.19 or later\n',
  );
}

const matrix = nodes.flatMap((node) => {
  const tried: Tried[] = [
    { frameworks: oldClients, langChain: firstLangChain },
    // The newest clients need Node 22; today's LangChain does not.
    { frameworks: node.version.startsWith('v20.') ? oldClients : newClients, langChain },
  ];
  return tried.map((each) => ({
    ...each,
    node,
    name: `Node ${node.version} with ${versionsOf(each).join(', ')}`,
  }));
});

function versionsOf({ frameworks, langChain: packages }: Tried): string[] {
  const folders = [...(Object.values(frameworks) as string[]), ...Object.values(packages)];
  return folders.map((folder) => {
    const path = fileURLToPath(
      new URL(`../../node_modules/${folder}/package.json`, import.meta.url),
    );
    const found = JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string };
    return `${found.name} ${found.version}`;
  });
}

/** What the provider was asked for: each kind of call of each surface. */
class Asked {
  readonly calls = new Set<string>();
  /** Requests that were refused and came all the same. */
  readonly leaked: string[] = [];
  failures = 0;

  readonly script: Script = ({ body, afterTool }) => {
    const [call = '', kind] = /kind:(\w+) of:\w+/.exec(JSON.stringify(body)) ?? [];
    const isRetry = this.calls.has(call);
    if (kind === 'refused') this.leaked.push(call);
    else this.calls.add(call);
    if (kind === 'retried' && !isRetry) {
      this.failures += 1;
      return { status: 500, headers: { 'retry-after-ms': '1' } };
    }
    return {
      ...(Array.isArray(body['tools']) && body['tools'].length > 0 && !afterTool
        ? { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] }
        : { text: 'It rains in Oslo, take an umbrella with you.' }),
      ...(kind === 'cached' ? { inputTokens: 13, cacheReadTokens: 17 } : {}),
      ...(kind === 'reasoning' ? { reasoningTokens: 41 } : {}),
      ...(kind === 'aborted' ? { chunkDelayMs: 20 } : {}),
    };
  };
}

const isAborted = (value: Json): boolean => JSON.stringify(value).includes('aborted');

/** To the nano-dollar what was answered, and never less than the bill what was given up. */
function expectBilled(server: FakeServer, provider: CountingProvider): void {
  const { records } = provider.bill();
  const billed = (given: boolean): bigint =>
    records
      .filter(({ body }) => isAborted(body) === given)
      .reduce((sum, { costNano }) => sum + costNano, 0n);
  const booked = (given: boolean): Json[] =>
    server.records.filter(({ tags = [] }) => isAborted(tags as Json) === given);
  expect(booked(false).filter(({ estimated }) => estimated !== false)).toEqual([]);
  expect(nanoTotal(booked(false))).toBe(billed(false));
  expect(billed(true)).toBeGreaterThan(0n);
  expect(nanoTotal(booked(true))).toBeGreaterThanOrEqual(billed(true));
  expect(server.spentNano).toBe(nanoTotal(server.records));
}

let sdk: PackedSdk;
beforeAll(() => {
  sdk = new PackedSdk();
}, 120_000);
afterAll(() => {
  sdk.remove();
});

it.each(matrix)(
  '$name',
  async ({ node, ...tried }) => {
    const asked = new Asked();
    const provider = await startCountingProvider({ prices: rates });
    provider.setScript(asked.script);
    const server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
    const { frameworks } = tried;
    const project = sdk.installIn(
      `${node.version}-${tried.langChain['langchain'] ?? ''}`,
      [...(Object.values(frameworks) as string[]), 'zod'],
      tried.langChain,
    );
    writeFileSync(
      join(project, 'agent.mjs'),
      versionsAgent({ frameworks, model: MINI, claude: CLAUDE, refusalMs: REFUSAL_MS }),
    );
    const { stdout } = await promisify(execFile)(node.path, [join(project, 'agent.mjs')], {
      cwd: project,
      timeout: 60_000,
      env: {
        PATH: process.env['PATH'] ?? '',
        IRON_CAGE_URL: server.url,
        IRON_CAGE_KEY: makeKey(),
        IRON_CAGE_JOURNAL_DIR: join(project, 'journal'),
        OPENAI_BASE_URL: `${provider.url}/v1`,
        ANTHROPIC_BASE_URL: anthropicUrl(provider),
      },
    });
    const outcomes = JSON.parse(stdout) as Record<string, string>;
    expect(outcomes).toEqual(
      Object.fromEntries(
        Object.keys(outcomes).map((surface) => [surface, 'BudgetExceededError after 1']),
      ),
    );
    for (const surface of Object.keys(outcomes)) {
      for (const kind of kinds) expect(asked.calls).toContain(`kind:${kind} of:${surface}`);
    }
    expect(asked.leaked).toEqual([]);
    expect(provider.requests).toBe(provider.bill().records.length + asked.failures);
    expectBilled(server, provider);
    expect(server.problems).toEqual([]);
    await provider.close();
    await server.close();
  },
  90_000,
);
