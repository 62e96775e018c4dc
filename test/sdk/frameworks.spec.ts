import Anthropic from '@anthropic-ai/sdk';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createAgent, tool } from 'langchain';
import OpenAI from 'openai';
import { z } from 'zod';

import { BudgetExceededError, ProjectPausedError } from '../../sdk/src/errors/catalogue.js';
import { findIronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import {
  anthropicUrl,
  CLAUDE,
  fastestRefusalMs,
  MINI,
  REAL_ANTHROPIC_KEY,
  REFUSAL_MS,
  startRig,
  until,
  type Rig,
} from './rig.js';

type Surface = readonly [name: string, call: (rig: Rig) => Promise<unknown>];

const openai = ({ cage, provider, environment }: Rig): OpenAI =>
  new OpenAI({
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    baseURL: `${provider.url}/v1`,
    fetch: cage.fetch,
  });
const anthropic = ({ cage, provider, environment }: Rig): Anthropic =>
  new Anthropic({
    apiKey: environment['ANTHROPIC_API_KEY'] ?? '',
    baseURL: anthropicUrl(provider),
    fetch: cage.fetch,
  });
const chatOpenAI = ({ cage, provider, environment }: Rig): ChatOpenAI =>
  new ChatOpenAI({
    model: MINI,
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    configuration: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
  });
const chatAnthropic = ({ cage, provider, environment }: Rig): ChatAnthropic =>
  new ChatAnthropic({
    model: CLAUDE,
    apiKey: environment['ANTHROPIC_API_KEY'] ?? '',
    anthropicApiUrl: anthropicUrl(provider),
    clientOptions: { fetch: cage.fetch },
  });
const weather = tool(({ city }) => `It rains in ${city}.`, {
  name: 'weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.string() }),
});
const messages = [{ role: 'user' as const, content: 'What is the weather in Oslo?' }];

async function drain(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const surfaces: readonly Surface[] = [
  ['openai chat', (rig) => openai(rig).chat.completions.create({ model: MINI, messages })],
  [
    'openai chat stream',
    async (rig) =>
      drain(await openai(rig).chat.completions.create({ model: MINI, messages, stream: true })),
  ],
  ['openai responses', (rig) => openai(rig).responses.create({ model: MINI, input: 'Hello' })],
  [
    'openai responses stream',
    async (rig) =>
      drain(await openai(rig).responses.create({ model: MINI, input: 'Hello', stream: true })),
  ],
  [
    'openai embeddings',
    (rig) => openai(rig).embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' }),
  ],
  [
    'anthropic messages',
    (rig) => anthropic(rig).messages.create({ model: CLAUDE, max_tokens: 500, messages }),
  ],
  [
    'anthropic messages stream',
    async (rig) =>
      drain(
        await anthropic(rig).messages.create({
          model: CLAUDE,
          max_tokens: 500,
          messages,
          stream: true,
        }),
      ),
  ],
  ['ChatOpenAI', (rig) => chatOpenAI(rig).invoke('Hello')],
  ['ChatOpenAI stream', async (rig) => drain(await chatOpenAI(rig).stream('Hello'))],
  ['ChatAnthropic', (rig) => chatAnthropic(rig).invoke('Hello')],
  ['ChatAnthropic stream', async (rig) => drain(await chatAnthropic(rig).stream('Hello'))],
  [
    'OpenAIEmbeddings',
    ({ cage, provider, environment }) =>
      new OpenAIEmbeddings({
        model: 'text-embedding-3-small',
        apiKey: environment['OPENAI_API_KEY'] ?? '',
        configuration: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
      }).embedQuery('Hello'),
  ],
  [
    'createAgent on ChatOpenAI',
    (rig) => createAgent({ model: chatOpenAI(rig), tools: [weather] }).invoke({ messages }),
  ],
  [
    'createAgent on ChatAnthropic',
    (rig) => createAgent({ model: chatAnthropic(rig), tools: [weather] }).invoke({ messages }),
  ],
];

function agentScript(rig: Rig): void {
  rig.provider.setScript(({ body, afterTool }) =>
    Array.isArray(body['tools']) && body['tools'].length > 0 && !afterTool
      ? { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] }
      : { text: 'It rains in Oslo, take an umbrella with you.' },
  );
}

describe.each(surfaces)('%s', (name, call) => {
  let rig: Rig;
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('is billed by the SDK exactly as by the provider', async () => {
    rig = await startRig({ leaseTtlSeconds: 60 });
    agentScript(rig);
    await call(rig);
    await rig.cage.close();
    const { records, totalNano } = rig.provider.bill();
    expect(records).toHaveLength(name.startsWith('createAgent') ? 2 : 1);
    expect(rig.server.spentNano).toBe(totalNano);
    expect(rig.server.records.every(({ estimated }) => estimated === false)).toBe(true);
    expect(rig.server.heldNano).toBe(0n);
  });

  it('gets the true error when the budget is empty: one attempt, nothing leaves', async () => {
    rig = await startRig({ balanceUsd: 0.000_000_001 });
    const blocked: string[] = [];
    rig.cage.on('blocked', ({ error }) => blocked.push(error.code));
    const error: unknown = await call(rig).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(findIronCageError(error)).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      status: 402,
      details: { scopeName: 'Research' },
    });
    expect(rig.provider.requests).toBe(0);
    expect(blocked).toEqual(['BUDGET_EXCEEDED']);
  });

  it('is stopped by a pause before the next request leaves', async () => {
    rig = await startRig();
    const paused = new Promise((resolve) => rig.cage.on('paused', resolve));
    rig.server.project = 'paused';
    rig.server.push();
    await paused;
    const error: unknown = await call(rig).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(findIronCageError(error)).toBeInstanceOf(ProjectPausedError);
    expect(rig.provider.requests).toBe(0);
  });
});

it('a block takes milliseconds, not retries: no framework calls the meter twice', async () => {
  const rig = await startRig({ balanceUsd: 0 });
  let attempts = 0;
  rig.cage.on('blocked', () => (attempts += 1));
  for (const [, call] of surfaces) await expect(call(rig)).rejects.toThrow();
  expect(attempts).toBe(surfaces.length);
  expect(rig.server.count('POST /v1/sdk/leases')).toBeLessThan(surfaces.length);
  const slow: string[] = [];
  for (const [name, call] of surfaces) {
    const tookMs = await fastestRefusalMs(() => call(rig).catch(() => undefined));
    if (tookMs >= REFUSAL_MS) slow.push(`${name}: ${tookMs.toFixed()} ms`);
  }
  expect(slow).toEqual([]);
  expect(rig.provider.requests).toBe(0);
  await rig.close();
});

it('a client that was constructed with a placeholder sends the real key', async () => {
  const rig = await startRig();
  const client = anthropic(rig);
  expect(client.apiKey).toMatch(/^sk-ant-api03-ironcage-/);
  await client.messages.create({ model: CLAUDE, max_tokens: 50, messages });
  expect(rig.provider.bill().records[0]?.apiKey).toBe(REAL_ANTHROPIC_KEY);
  await until('usage was counted', () => rig.cage.budget().spentUsd !== '0.000000000');
  await rig.close();
});
