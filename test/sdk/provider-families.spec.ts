import type { Reply } from '../harness/counting-provider.js';
import type { Json } from './fake-server.js';
import { startRig, type Rig } from './rig.js';

const MODEL_RATES = {
  input: '150000',
  output: '600000',
  cacheRead: '75000',
  cacheWrite5m: '187500',
};

/** One way of asking some provider for an answer. */
interface Family {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly path: (stream: boolean) => string;
  readonly header: string;
  readonly body: (limit: number, stream: boolean) => Json;
  /** How the family writes down tools. */
  readonly tools: readonly Json[];
  readonly caches: boolean;
  readonly reasoning: 'none' | 'within' | 'beside';
}

const messages = [{ role: 'user', content: 'Say something about the weather in Łódź.' }];
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const chatTools = [{ type: 'function', function: { name: 'weather', parameters } }];

function chatFamily(provider: string, model: string, path: string, more: Partial<Family> = {}) {
  return {
    name: `chat completions of ${provider}`,
    provider,
    model,
    path: () => path,
    header: 'authorization',
    body: (limit: number, stream: boolean) => ({ model, messages, max_tokens: limit, stream }),
    tools: chatTools,
    caches: true,
    reasoning: 'within',
    ...more,
  } satisfies Family;
}

const geminiBody = (limit: number): Json => ({
  contents: [{ role: 'user', parts: [{ text: 'Say something about the weather in Łódź.' }] }],
  generationConfig: { maxOutputTokens: limit },
});
const vertex = '/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-flash';

const families: readonly Family[] = [
  chatFamily('openai', 'gpt-5-mini', '/v1/chat/completions', {
    body: (limit, stream) => ({
      model: 'gpt-5-mini',
      messages,
      max_completion_tokens: limit,
      stream,
    }),
  }),
  chatFamily(
    'azure',
    'gpt-4o-mini',
    '/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21',
    { header: 'api-key', body: (limit, stream) => ({ messages, max_tokens: limit, stream }) },
  ),
  chatFamily('mistral', 'mistral-small-latest', '/v1/chat/completions'),
  chatFamily('groq', 'llama-3.3-70b-versatile', '/openai/v1/chat/completions'),
  chatFamily('deepseek', 'deepseek-chat', '/chat/completions'),
  chatFamily('x-ai', 'grok-4', '/v1/chat/completions', { reasoning: 'beside' }),
  chatFamily('openrouter', 'openai/gpt-4o-mini', '/api/v1/chat/completions'),
  chatFamily('ollama', 'llama3.3', '/v1/chat/completions'),
  {
    ...chatFamily('openai', 'gpt-5-mini', '/v1/responses'),
    name: 'responses of openai',
    body: (limit, stream) => ({
      model: 'gpt-5-mini',
      input: 'Say something about the weather in Łódź.',
      max_output_tokens: limit,
      stream,
    }),
    tools: [{ type: 'function', name: 'weather', parameters }],
  },
  {
    ...chatFamily('anthropic', 'claude-sonnet-4-5', '/v1/messages'),
    name: 'messages of anthropic',
    header: 'x-api-key',
    tools: [{ name: 'weather', input_schema: parameters }],
  },
  {
    ...chatFamily('google', 'gemini-2.5-flash', ''),
    name: 'generateContent of AI Studio',
    header: 'x-goog-api-key',
    path: (stream) =>
      `/v1beta/models/gemini-2.5-flash:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: geminiBody,
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: parameters }] }],
  },
  {
    ...chatFamily('google', 'gemini-2.5-flash', ''),
    name: 'generateContent of Vertex AI, streamed as a list',
    path: (stream) => `${vertex}:${stream ? 'streamGenerateContent' : 'generateContent'}`,
    body: geminiBody,
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: parameters }] }],
  },
  {
    ...chatFamily('cohere', 'command-a-03-2025', '/v2/chat'),
    name: 'chat of cohere',
    caches: false,
    reasoning: 'none',
  },
  {
    ...chatFamily('ollama', 'llama3.3', '/api/chat'),
    name: 'chat of ollama, in its own language',
    body: (limit, stream) => ({
      model: 'llama3.3',
      messages,
      options: { num_predict: limit },
      stream,
    }),
    caches: false,
  },
  {
    ...chatFamily('ollama', 'llama3.3', '/api/generate'),
    name: 'generate of ollama',
    body: (limit, stream) => ({
      model: 'llama3.3',
      prompt: 'Say something about the weather in Łódź.',
      options: { num_predict: limit },
      stream,
    }),
    caches: false,
  },
];

describe.each(families)('$name', (family) => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig({
      providerPrices: {
        '*': { input: 150_000n, output: 600_000n, cacheRead: 75_000n, cacheWrite: 187_500n },
      },
      secretProvider: family.provider,
      models: [
        {
          provider: family.provider,
          id: family.model,
          match: { equals: family.model },
          contextTokens: 128_000,
          maxOutputTokens: 16_384,
          periods: [{ rates: MODEL_RATES }],
        },
      ],
    });
  });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  const send = (stream: boolean, more: Json = {}, signal?: AbortSignal): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}${family.path(stream)}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [family.header]: `${family.header === 'authorization' ? 'Bearer ' : ''}${rig.environment['PROVIDER_API_KEY'] ?? ''}`,
      },
      body: JSON.stringify({ ...family.body(500, stream), ...more }),
      ...(signal === undefined ? {} : { signal }),
    });
  const script = (reply: (request: { number: number }) => Reply): void => {
    const usageUnasked = family.provider === 'mistral';
    rig.provider.setScript((request) => ({ usageUnasked, ...reply(request) }));
  };
  /** Everything is booked, exactly as billed. */
  const expectBilled = async (): Promise<Json> => {
    await rig.cage.close();
    const { records, totalNano } = rig.provider.bill();
    expect(records.length).toBeGreaterThan(0);
    expect(records.every(({ apiKey }) => apiKey.endsWith('real-provider-key'))).toBe(true);
    expect(rig.server.spentNano).toBe(totalNano);
    expect(rig.server.records.filter(({ estimated }) => estimated === true)).toEqual([]);
    return rig.server.records.at(-1) ?? {};
  };

  it.each([false, true])('costs what the provider bills (streamed: %s)', async (stream) => {
    script(({ number }) => ({ text: `Answer ${number}.` }));
    await (await send(stream)).text();
    await expectBilled();
  });

  it.each([false, true])('with tools (streamed: %s)', async (stream) => {
    script(() => ({
      toolCalls: [{ name: 'weather', arguments: { city: 'Łódź' } }],
      inputTokens: 91,
    }));
    await (await send(stream, { tools: family.tools })).text();
    await expectBilled();
  });

  it.each([false, true])('with cached input (streamed: %s)', async (stream) => {
    const cacheReadTokens = family.caches ? 40 : 0;
    script(() => ({ text: 'It rains.', inputTokens: 13, cacheReadTokens }));
    await (await send(stream)).text();
    const record = await expectBilled();
    expect(record['tokens']).toMatchObject({ input: 13, cacheRead: cacheReadTokens });
  });

  it.each([false, true])('with reasoning (streamed: %s)', async (stream) => {
    const reasoningTokens = family.reasoning === 'none' ? 0 : 77;
    const reasoningBeside = family.reasoning === 'beside';
    script(() => ({ text: 'It rains.', reasoningTokens, reasoningBeside }));
    await (await send(stream)).text();
    const record = await expectBilled();
    expect((record['tokens'] as Json)['output']).toBe(reasoningTokens + 3);
  });

  it('counts every attempt once', async () => {
    script(({ number }) => (number < 3 ? { status: 529 } : { text: 'At last.' }));
    expect([(await send(false)).status, (await send(true)).status]).toEqual([529, 529]);
    await (await send(true)).text();
    await (await send(false)).text();
    await expectBilled();
    expect(rig.provider.bill().records).toHaveLength(2);
  });

  it('never books less than the bill when a stream breaks or is given up', async () => {
    script(() => ({ text: 'one two three four', breakAfterChunks: 3 }));
    await (await send(true)).text().catch(() => undefined);
    script(() => ({ text: 'one two three four', chunkDelayMs: 10 }));
    const reader = (await send(true)).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(2);
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(rig.provider.bill().totalNano);
  });

  it('books the bound when no usage is told', async () => {
    script(() => ({ text: 'It rains.', hideUsage: true }));
    await (await send(false)).text();
    await rig.cage.close();
    const told = family.provider === 'anthropic' ? {} : { estimated: true };
    expect(rig.server.records[0]).toMatchObject(told);
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(rig.provider.bill().totalNano);
  });
});
