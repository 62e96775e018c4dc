import { OpenAI as LlamaOpenAI, OpenAIEmbedding } from '@llamaindex/openai';
import { createOpenAI } from '@ai-sdk/openai';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import {
  Agent,
  OpenAIProvider,
  Runner,
  setTracingDisabled,
  tool as agentTool,
} from '@openai/agents';
import {
  embed,
  generateText,
  isStepCount,
  streamText,
  tool as aiTool,
  wrapLanguageModel,
} from 'ai';
import { createAgent, tool } from 'langchain';
import OpenAI from 'openai';
import { z } from 'zod';

import { ironCageMiddleware, textOf } from '../../sdk/src/ai-sdk.js';
import {
  BudgetExceededError,
  ConfigurationError,
  RunLimitError,
} from '../../sdk/src/errors/catalogue.js';
import { withIronCage } from '../../sdk/src/langchain.js';
import { withIronCage as llamaWithIronCage } from '../../sdk/src/llamaindex.js';
import { withIronCage as runnerWithIronCage } from '../../sdk/src/openai-agents.js';
import type { ScopeOptions } from '../../sdk/src/adapters/scope.js';
import { fastestRefusalMs, MINI, REFUSAL_MS, startRig, type Rig } from './rig.js';

setTracingDisabled(true);

const CITY = z.object({ city: z.string() });
const rain = ({ city }: { city: string }): string => `It rains in ${city}.`;
const question = 'What is the weather in Oslo?';
const messages = [{ role: 'user' as const, content: question }];

const chatOpenAI = ({ cage, provider, environment }: Rig): ChatOpenAI =>
  new ChatOpenAI({
    model: MINI,
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    configuration: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
  });
const langChainAgent = (rig: Rig) =>
  createAgent({
    model: chatOpenAI(rig),
    tools: [tool(rain, { name: 'weather', description: 'The weather.', schema: CITY })],
  });
const aiSdk = ({ cage, provider, environment }: Rig) =>
  createOpenAI({
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    baseURL: `${provider.url}/v1`,
    fetch: cage.fetch,
  });
const aiModel = (rig: Rig, options: ScopeOptions) =>
  wrapLanguageModel({ model: aiSdk(rig)(MINI), middleware: ironCageMiddleware(options) });
const aiTools = {
  weather: aiTool({ description: 'The weather.', inputSchema: CITY, execute: rain }),
};
const client = ({ cage, provider, environment }: Rig): OpenAI =>
  new OpenAI({
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    baseURL: `${provider.url}/v1`,
    fetch: cage.fetch,
  });
const runner = (rig: Rig): Runner =>
  new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client(rig) }) });
const weatherAgent = new Agent({
  name: 'Forecaster',
  instructions: 'Say what the weather is.',
  model: MINI,
  tools: [
    agentTool({ name: 'weather', description: 'The weather.', parameters: CITY, execute: rain }),
  ],
});
const llama = ({ cage, provider, environment }: Rig): LlamaOpenAI =>
  new LlamaOpenAI({
    model: MINI,
    apiKey: environment['OPENAI_API_KEY'] ?? '',
    additionalSessionOptions: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
  });

async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const chunks: T[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

interface Surface {
  readonly name: string;
  readonly calls: number;
  readonly use: (rig: Rig, options: ScopeOptions) => Promise<unknown>;
}

const surfaces: readonly Surface[] = [
  {
    name: 'LangChain: a chat model',
    calls: 1,
    use: (rig, options) => withIronCage(chatOpenAI(rig), options).invoke(question),
  },
  {
    name: 'LangChain: a stream',
    calls: 1,
    use: async (rig, options) =>
      drain(await withIronCage(chatOpenAI(rig), options).stream(question)),
  },
  {
    name: 'LangChain: embeddings',
    calls: 1,
    use: ({ cage, provider, environment }, options) =>
      withIronCage(
        new OpenAIEmbeddings({
          model: 'text-embedding-3-small',
          apiKey: environment['OPENAI_API_KEY'] ?? '',
          configuration: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
        }),
        options,
      ).embedQuery('Oslo'),
  },
  {
    name: 'LangChain: createAgent',
    calls: 2,
    use: (rig, options) => withIronCage(langChainAgent(rig), options).invoke({ messages }),
  },
  {
    name: 'LangChain: createAgent, streamed',
    calls: 2,
    use: async (rig, options) =>
      drain(await withIronCage(langChainAgent(rig), options).stream({ messages })),
  },
  {
    name: 'LangGraph: a graph of two models',
    calls: 2,
    use: (rig, options) => {
      const State = Annotation.Root({ text: Annotation<string> });
      const ask = async ({ text }: { text: string }): Promise<{ text: string }> => ({
        text: (await chatOpenAI(rig).invoke(text)).text,
      });
      const graph = new StateGraph(State)
        .addNode('draft', ask)
        .addNode('polish', ask)
        .addEdge(START, 'draft')
        .addEdge('draft', 'polish')
        .addEdge('polish', END)
        .compile();
      return withIronCage(graph, options).invoke({ text: question });
    },
  },
  {
    name: 'AI SDK: generateText with a tool',
    calls: 2,
    use: (rig, options) =>
      generateText({
        model: aiModel(rig, options),
        tools: aiTools,
        stopWhen: isStepCount(3),
        prompt: question,
      }),
  },
  {
    name: 'AI SDK: streamText',
    calls: 1,
    use: (rig, options) =>
      drain(textOf(streamText({ model: aiModel(rig, options), prompt: question, onError() {} }))),
  },
  {
    name: 'OpenAI Agents: a run with a tool',
    calls: 2,
    use: (rig, options) => runnerWithIronCage(runner(rig), options).run(weatherAgent, question),
  },
  {
    name: 'OpenAI Agents: a streamed run',
    calls: 2,
    use: async (rig, options) => {
      const runs = runnerWithIronCage(runner(rig), options);
      const result = await runs.run(weatherAgent, question, { stream: true });
      await drain(result);
      await result.completed;
    },
  },
  {
    name: 'LlamaIndex: chat',
    calls: 1,
    use: (rig, options) => llamaWithIronCage(llama(rig), options).chat({ messages }),
  },
  {
    name: 'LlamaIndex: embedding',
    calls: 1,
    use: ({ cage, provider, environment }, options) =>
      llamaWithIronCage(
        new OpenAIEmbedding({
          model: 'text-embedding-3-small',
          apiKey: environment['OPENAI_API_KEY'] ?? '',
          additionalSessionOptions: { baseURL: `${provider.url}/v1`, fetch: cage.fetch },
        }),
        options,
      ).getTextEmbedding('Oslo'),
  },
];

function callsTheTool(rig: Rig): void {
  rig.provider.setScript(({ body, afterTool }) =>
    Array.isArray(body['tools']) && body['tools'].length > 0 && !afterTool
      ? { toolCalls: [{ name: 'weather', arguments: { city: 'Oslo' } }] }
      : { text: 'It rains in Oslo, take an umbrella with you.' },
  );
}

describe.each(surfaces)('$name', ({ calls, use, name }) => {
  let rig: Rig;
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('is billed as by the provider, and its usage tells for whom it was', async () => {
    rig = await startRig({ leaseTtlSeconds: 60 });
    callsTheTool(rig);
    await use(rig, { cage: rig.cage, agent: 'forecast', run: 'r-1', tags: ['test'] });
    await rig.cage.close();
    expect(rig.provider.requests).toBe(calls);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    for (const record of rig.server.records) {
      expect(record).toMatchObject({
        estimated: false,
        tags: ['test', 'run:r-1', 'agent:forecast'],
      });
    }
  });

  it('over the budget: no request, one attempt, the true error, at once', async () => {
    rig = await startRig({ balanceUsd: 0.000_000_001 });
    callsTheTool(rig);
    // The first refusal asks the server; from then on it is remembered.
    await expect(use(rig, { cage: rig.cage })).rejects.toThrow();
    const attempts: string[] = [];
    rig.cage.on('blocked', ({ error }) => attempts.push(error.code));
    const error: unknown = await use(rig, { cage: rig.cage }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BudgetExceededError);
    // What a stream throws after it has begun is wrapped by its framework.
    if (!name.includes('stream')) expect((error as Error).constructor).toBe(BudgetExceededError);
    expect(attempts).toEqual(['BUDGET_EXCEEDED']);
    expect(rig.provider.requests).toBe(0);
    const again = () => use(rig, { cage: rig.cage }).catch(() => undefined);
    expect(await fastestRefusalMs(again)).toBeLessThan(REFUSAL_MS);
    expect(rig.provider.requests).toBe(0);
  });
});

describe('limits', () => {
  let rig: Rig;
  afterEach(() => rig.close());

  it('hold for a whole agent, each run by itself', async () => {
    rig = await startRig();
    callsTheTool(rig);
    const agent = withIronCage(langChainAgent(rig), { cage: rig.cage, maxCalls: 1 });
    await expect(agent.invoke({ messages })).rejects.toThrow(RunLimitError);
    expect(rig.provider.requests).toBe(1);
    await expect(agent.invoke({ messages })).rejects.toThrow(RunLimitError);
    expect(rig.provider.requests).toBe(2);
  });

  it('take the thread of a graph as its run, and the name of an agent', async () => {
    rig = await startRig();
    callsTheTool(rig);
    const agent = withIronCage(langChainAgent(rig), { cage: rig.cage });
    await agent.invoke({ messages }, { configurable: { thread_id: 'thread-9' } });
    await runnerWithIronCage(runner(rig), { cage: rig.cage }).run(weatherAgent, question);
    await rig.cage.close();
    const tags = rig.server.records.map((record) => record['tags'] as string[]);
    expect(tags).toEqual([
      ['run:thread-9'],
      ['run:thread-9'],
      ['agent:Forecaster'],
      ['agent:Forecaster'],
    ]);
  });

  it('need a connection, and say how to get one', async () => {
    rig = await startRig();
    expect(() => withIronCage(chatOpenAI(rig)).invoke(question)).toThrow(ConfigurationError);
  });
});

it('an embedding of the AI SDK is metered by fetch alone', async () => {
  const rig = await startRig();
  await embed({ model: aiSdk(rig).embedding('text-embedding-3-small'), value: 'Oslo' });
  await rig.cage.close();
  expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  await rig.close();
});
