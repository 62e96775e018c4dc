import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startCountingProvider } from '../harness/counting-provider.js';
import { FakeServer } from './fake-server.js';
import { nodeVersions, PackedSdk } from './packed-sdk.js';
import { anthropicUrl, CLAUDE, makeKey, MINI, models, rates, secretsFor } from './rig.js';

interface Frameworks {
  readonly openai: string;
  readonly anthropic: string;
  readonly ai: string;
  readonly aiOpenAi: string;
}
/** Packages of this repository; those that run on Node 20, and those of today. */
const oldest: Frameworks = {
  openai: 'openai-6',
  anthropic: 'anthropic-sdk-0',
  ai: 'ai-6',
  aiOpenAi: 'ai-sdk-openai-3',
};
const newest: Frameworks = {
  openai: 'openai',
  anthropic: '@anthropic-ai/sdk',
  ai: 'ai',
  aiOpenAi: '@ai-sdk/openai',
};
const others = ['@langchain/core', '@langchain/openai', 'zod'];
const nodes = nodeVersions();
const hasOldNode = nodes.some(({ version }) => version.startsWith('v20.'));
if (!hasOldNode) {
  process.stdout.write(
    'frameworks are not tried on Node 20: the machine has none of 20.19 or later\n',
  );
}

const matrix = nodes.flatMap((node) => {
  const old = { node, frameworks: oldest };
  // The newest clients need Node 22.
  const both = node.version.startsWith('v20.') ? [old] : [old, { node, frameworks: newest }];
  return both.map((entry) => ({
    ...entry,
    name: `Node ${node.version} with ${versionsOf(entry.frameworks)}`,
  }));
});

function versionsOf(frameworks: Frameworks): string {
  return Object.values(frameworks)
    .map((name: string) => {
      const path = fileURLToPath(
        new URL(`../../node_modules/${name}/package.json`, import.meta.url),
      );
      const found = JSON.parse(readFileSync(path, 'utf8')) as { name: string; version: string };
      return `${found.name} ${found.version}`;
    })
    .join(', ');
}

const scenario = ({ openai, anthropic, ai, aiOpenAi }: Frameworks): string => `
import { cage } from '@iron-cage/sdk/auto';
import { ironCageMiddleware, textOf } from '@iron-cage/sdk/ai-sdk';
import { withIronCage } from '@iron-cage/sdk/langchain';
import OpenAI from '${openai}';
import Anthropic from '${anthropic}';
import { generateText, streamText, wrapLanguageModel } from '${ai}';
import { createOpenAI } from '${aiOpenAi}';
import { ChatOpenAI } from '@langchain/openai';

const client = new OpenAI();
const claude = new Anthropic();
const model = wrapLanguageModel({ model: createOpenAI()('${MINI}'), middleware: ironCageMiddleware({ agent: 'a' }) });
const chain = withIronCage(new ChatOpenAI({ model: '${MINI}' }));
const messages = [{ role: 'user', content: 'Hello' }];
const drain = async (stream) => { for await (const part of stream) void part; };
const surfaces = {
  openai: () => client.chat.completions.create({ model: '${MINI}', messages }),
  openaiStream: async () => drain(await client.chat.completions.create({ model: '${MINI}', messages, stream: true })),
  openaiResponses: () => client.responses.create({ model: '${MINI}', input: 'Hello' }),
  anthropic: () => claude.messages.create({ model: '${CLAUDE}', max_tokens: 50, messages }),
  anthropicStream: async () => drain(await claude.messages.create({ model: '${CLAUDE}', max_tokens: 50, messages, stream: true })),
  generateText: () => generateText({ model, prompt: 'Hello' }),
  streamText: () => drain(textOf(streamText({ model, prompt: 'Hello', onError() {} }))),
  langchain: () => chain.invoke('Hello'),
};
const outcomes = {};
let blocked = 0;
cage.on('blocked', () => { blocked += 1; });
for (const [name, call] of Object.entries(surfaces)) {
  await call();
  blocked = 0;
  const error = await cage.withBudget('0', call).then(() => undefined, (reason) => reason);
  outcomes[name] = error?.name + ' ' + blocked;
}
await cage.close();
console.log(JSON.stringify(outcomes));`;

let sdk: PackedSdk;
beforeAll(() => {
  sdk = new PackedSdk();
}, 120_000);
afterAll(() => {
  sdk.remove();
});

it.each(matrix)('$name', async ({ node, frameworks, name }) => {
  const provider = await startCountingProvider({ prices: rates });
  const server = await FakeServer.start({ secrets: secretsFor(provider), models: models() });
  const project = sdk.installIn(name.replace(/\W+/g, '-').slice(0, 60), [
    ...(Object.values(frameworks) as string[]),
    ...others,
  ]);
  writeFileSync(join(project, 'agent.mjs'), scenario(frameworks));
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
  expect(new Set(Object.values(outcomes))).toEqual(new Set(['BudgetExceededError 1']));
  expect(provider.requests).toBe(Object.keys(outcomes).length);
  expect(server.spentNano).toBe(provider.bill().totalNano);
  expect(server.problems).toEqual([]);
  await provider.close();
  await server.close();
});
