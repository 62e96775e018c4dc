import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { toFile } from 'openai';

import { PiiBlockedError, RequestNotBoundedError } from '../../sdk/src/errors/catalogue.js';
import { UnitProvider, type UnitAnswer, type UnitRequest } from '../harness/unit-provider.js';
import type { Json } from './fake-server.js';
import { REAL_ANTHROPIC_KEY, REAL_OPENAI_KEY, startRig, type Rig } from './rig.js';

/* Work that goes on after the answer (batches, background responses), and tools that run at the provider. */

const prices = [
  {
    provider: 'openai',
    id: 'gpt-5-mini',
    match: { equals: 'gpt-5-mini' },
    contextTokens: 100_000,
    maxOutputTokens: 20_000,
    periods: [
      {
        rates: {
          input: '250000',
          output: '2000000',
          webSearches: '10000000000',
          fileSearches: '2500000000',
          containers: '30000000000',
        },
      },
    ],
  },
  {
    provider: 'anthropic',
    id: 'claude-opus-4-6',
    match: { equals: 'claude-opus-4-6' },
    contextTokens: 200_000,
    maxOutputTokens: 64_000,
    periods: [{ rates: { input: '3000000', output: '15000000' } }],
  },
];
const multipliers = ['openai', 'anthropic'].map((provider) => ({
  provider,
  modifier: 'service_tier:batch',
  numerator: 1,
  denominator: 2,
}));

let provider: UnitProvider;
let rig: Rig;
let openai: OpenAI;
let anthropic: Anthropic;

async function start(more: Json = {}): Promise<void> {
  provider = await UnitProvider.start();
  rig = await startRig({
    secrets: [
      { provider: 'openai', hosts: [provider.host], fields: { OPENAI_API_KEY: REAL_OPENAI_KEY } },
      {
        provider: 'anthropic',
        hosts: [provider.host.replace('127.0.0.1', 'localhost')],
        fields: { ANTHROPIC_API_KEY: REAL_ANTHROPIC_KEY },
      },
    ],
    models: prices,
    multipliers,
    ...more,
  });
  const fetch = rig.cage.fetch;
  openai = new OpenAI({
    apiKey: rig.environment['OPENAI_API_KEY'] ?? '',
    baseURL: `${provider.url}/v1`,
    fetch,
  });
  anthropic = new Anthropic({
    apiKey: rig.environment['ANTHROPIC_API_KEY'] ?? '',
    baseURL: provider.url.replace('127.0.0.1', 'localhost'),
    fetch,
  });
}
afterEach(async () => {
  await rig.close();
  await provider.close();
  expect(rig.server.problems).toEqual([]);
});

async function booked(): Promise<Json> {
  await rig.cage.close();
  expect(rig.server.heldNano).toBe(0n);
  return rig.server.records.at(-1) ?? {};
}

const jsonLines = (lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

describe("a batch of Anthropic's", () => {
  const claudeUsage = { input_tokens: 20, output_tokens: 50 };
  const requests = [1, 2].map((number) => ({
    custom_id: `request-${number.toString()}`,
    params: {
      model: 'claude-opus-4-6',
      max_tokens: 1_000,
      messages: [{ role: 'user' as const, content: `Say the number ${number.toString()}.` }],
    },
  }));
  const script = ({ path }: UnitRequest): UnitAnswer => {
    const results = path.endsWith('/results');
    const batch = {
      id: 'msgbatch_1',
      type: 'message_batch',
      processing_status: 'ended',
      results_url: `${provider.url.replace('127.0.0.1', 'localhost')}/v1/messages/batches/msgbatch_1/results`,
    };
    if (!results) return { body: batch, pico: 0n };
    const of = (type: string) => ({
      custom_id: type,
      result: { type, ...(type === 'succeeded' && { message: { usage: claudeUsage } }) },
    });
    return {
      type: 'application/x-jsonl',
      body: jsonLines([of('succeeded'), of('errored'), of('succeeded')]),
      pico: (40n * 3_000_000n + 100n * 15_000_000n) / 2n,
    };
  };

  it('is booked at half the price of what its results say', async () => {
    await start();
    provider.script = script;
    const batch = await anthropic.messages.batches.create({ requests });
    for await (const _result of await anthropic.messages.batches.results(batch.id)) continue;
    expect(await booked()).toMatchObject({
      estimated: false,
      modifiers: ['service_tier:batch'],
      tokens: { input: 40, output: 100 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is booked at the most that it can cost when nobody looks at the results', async () => {
    await start();
    provider.script = script;
    await anthropic.messages.batches.create({ requests });
    const record = await booked();
    expect(record).toMatchObject({ estimated: true, modifiers: ['service_tier:batch'] });
    expect(rig.server.spentNano).toBeGreaterThan((2_000n * 15_000n) / 2n);
    expect(rig.server.spentNano).toBeLessThan((2_000n * 15_000n + 2_000n * 3_000n) / 2n);
  });

  it('does not leave when its whole price is too much, or when it has several models', async () => {
    await start({ balanceUsd: 0.01 });
    await expect(anthropic.messages.batches.create({ requests })).rejects.toThrow(/needs up to/);
    const other = { ...requests[0]!.params, model: 'claude-opus-4-7' };
    await expect(
      anthropic.messages.batches.create({
        requests: [...requests, { custom_id: 'other', params: other }],
      }),
    ).rejects.toBeInstanceOf(RequestNotBoundedError);
    expect(provider.requests).toHaveLength(0);
  });
});

describe("a batch of OpenAI's", () => {
  const line = (content: string, more: Json = {}): Json => ({
    custom_id: content,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-5-mini',
      max_completion_tokens: 500,
      messages: [{ role: 'user', content }],
      ...more,
    },
  });
  const upload = async (lines: readonly Json[]) =>
    openai.files.create({
      purpose: 'batch',
      file: await toFile(Buffer.from(jsonLines(lines)), 'batch.jsonl'),
    });
  const submit = (id: string) =>
    openai.batches.create({
      input_file_id: id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
  const usage = { prompt_tokens: 10, completion_tokens: 30, total_tokens: 40 };
  let status = 'completed';
  const script = ({ path }: UnitRequest): UnitAnswer => {
    if (path.endsWith('/content')) {
      const result = { custom_id: 'a', response: { status_code: 200, body: { usage } } };
      return {
        type: 'application/jsonl',
        body: jsonLines([result, { ...result, custom_id: 'b' }]),
        pico: (20n * 250_000n + 60n * 2_000_000n) / 2n,
      };
    }
    if (path.endsWith('/files')) return { body: { id: 'file-1', object: 'file' }, pico: 0n };
    const done = path.endsWith('batch_1') ? { status, output_file_id: 'file-out' } : {};
    return {
      body: JSON.stringify({ id: 'batch_1', status: 'validating', ...done }, undefined, 2),
      pico: 0n,
    };
  };

  it('is bounded by the file that was uploaded, and booked by the file that was fetched', async () => {
    await start();
    provider.script = script;
    const { id } = await upload([line('a'), line('b')]);
    const batch = await submit(id);
    const { output_file_id: output } = await openai.batches.retrieve(batch.id);
    await (await openai.files.content(output ?? '')).text();
    expect(await booked()).toMatchObject({
      estimated: false,
      modifiers: ['service_tier:batch'],
      tokens: { input: 20, output: 60 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is not booked by a part of its results', async () => {
    await start();
    provider.script = (request) => {
      const answer = script(request);
      if (!request.path.endsWith('/content')) return answer;
      const [first = ''] = (answer.body as string).split('\n');
      return { ...answer, status: 206, body: `${first}\n`, pico: 0n };
    };
    const { id } = await upload([line('a'), line('b')]);
    const batch = await submit(id);
    const { output_file_id: output } = await openai.batches.retrieve(batch.id);
    await (await openai.files.content(output ?? '')).text();
    expect(await booked()).toMatchObject({ estimated: true, tokens: { output: 1_000 } });
  });

  it('costs nothing when it was not even begun, and its whole bound when nothing is seen', async () => {
    await start();
    provider.script = script;
    const { id } = await upload([line('a'), line('b')]);
    await submit(id);
    status = 'failed';
    await openai.batches.retrieve('batch_1');
    status = 'completed';
    expect(await booked()).toMatchObject({ estimated: false, cost: '0.000000000' });
    expect(rig.server.spentNano).toBe(0n);
  });

  it('does not leave when its file is not known, and says what to do', async () => {
    await start();
    await expect(submit('file-of-somebody')).rejects.toThrow(/upload the file from the same/);
    expect(provider.requests).toHaveLength(0);
  });

  it('is refused line by line: personal data, other addresses, damaged files', async () => {
    await start();
    await expect(upload([line('Mail bob@example.com')])).rejects.toBeInstanceOf(PiiBlockedError);
    await expect(upload([{ ...line('a'), url: '/v1/videos' }])).rejects.toThrow(
      /cannot be metered/,
    );
    const file = await toFile(Buffer.from('not json\n'), 'batch.jsonl');
    await expect(openai.files.create({ purpose: 'batch', file })).rejects.toThrow(/JSON object/);
    await expect(openai.files.create({ purpose: 'fine-tune', file })).rejects.toThrow(/no price/);
    expect(provider.requests).toHaveLength(0);
  });

  it('goes out with what was replaced in it', async () => {
    await start({ pii: { email: 'redact' } });
    provider.script = script;
    await upload([line('Mail bob@example.com'), line('b')]);
    const [sent] = provider.requests[0]?.files ?? [];
    expect(sent?.bytes.toString()).toContain('[EMAIL_1]');
    expect(sent?.bytes.toString().trim().split('\n')).toHaveLength(2);
  });
});

describe('a response in the background', () => {
  const usage = { input_tokens: 30, output_tokens: 70, total_tokens: 100 };
  const ask = () =>
    openai.responses.create({
      model: 'gpt-5-mini',
      input: 'Think for long.',
      background: true,
      max_output_tokens: 4_000,
    });
  const script = ({ path }: UnitRequest): UnitAnswer =>
    path.endsWith('resp_1')
      ? {
          body: { id: 'resp_1', status: 'completed', usage },
          pico: 30n * 250_000n + 70n * 2_000_000n,
        }
      : { body: { id: 'resp_1', status: 'queued', usage: null }, pico: 0n };

  it('is booked as told when somebody looks at its end', async () => {
    await start();
    provider.script = script;
    const { id } = await ask();
    expect(rig.cage.budget().spentUsd).toBe('0.000000000');
    await openai.responses.retrieve(id);
    expect(await booked()).toMatchObject({ estimated: false, tokens: { output: 70 } });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('is booked at its most after the deadline, and when the process ends', async () => {
    await start({ cage: { responseDeadlineMs: 50 } });
    provider.script = script;
    const ended = new Promise<Json>((resolve) => rig.cage.on('usage', resolve));
    await ask();
    expect(await ended).toMatchObject({ estimated: true });
    await openai.responses.retrieve('resp_1');
    expect(await booked()).toMatchObject({ estimated: true, tokens: { output: 4_000 } });
    expect(rig.server.records).toHaveLength(1);
  });

  it('is refused where the project blocks what cannot be bounded', async () => {
    await start({ unbounded: 'block' });
    await expect(ask()).rejects.toThrow(/work in the background/);
    expect(provider.requests).toHaveLength(0);
  });
});

describe('tools that run at the provider', () => {
  const usage = { input_tokens: 5_000, output_tokens: 200, total_tokens: 5_200 };
  const tools: OpenAI.Responses.Tool[] = [
    { type: 'web_search' },
    { type: 'file_search', vector_store_ids: ['vs_1'] },
    { type: 'code_interpreter', container: { type: 'auto' } },
    { type: 'mcp', server_label: 'docs', server_url: 'https://docs.example.com' },
  ];
  const ask = (more: object = {}) =>
    openai.responses.create({
      model: 'gpt-5-mini',
      input: 'Find out.',
      tools,
      max_tool_calls: 4,
      max_output_tokens: 1_000,
      ...more,
    });
  const output = [
    { type: 'web_search_call', action: { type: 'search' } },
    { type: 'web_search_call', action: { type: 'open_page' } },
    { type: 'file_search_call' },
    { type: 'code_interpreter_call', container_id: 'c1' },
    { type: 'code_interpreter_call', container_id: 'c1' },
  ];

  it('are booked with their fees, which no usage tells; streamed too', async () => {
    await start();
    const response = { id: 'r', status: 'completed', output, tools, usage };
    const pico =
      5_000n * 250_000n + 200n * 2_000_000n + 10_000_000_000n + 2_500_000_000n + 30_000_000_000n;
    provider.script = ({ fields }) =>
      fields['stream'] === true
        ? {
            type: 'text/event-stream',
            body: `data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`,
            pico,
          }
        : { body: response, pico };
    await ask();
    const stream = await openai.responses.create({
      model: 'gpt-5-mini',
      input: 'Find out.',
      tools,
      max_tool_calls: 4,
      stream: true,
    });
    for await (const event of stream) expect(event.type).toBe('response.completed');
    expect(await booked()).toMatchObject({
      estimated: false,
      tokens: { webSearches: 1, fileSearches: 1, containers: 1 },
    });
    expect(rig.server.spentNano).toBe(provider.billedNano);
  });

  it('set every round and every fee aside before the call leaves', async () => {
    await start();
    // Five times the context, the output, four searches of each kind, one container.
    const most = 5n * 25_000_000n + 2_000_000n + 40_000_000n + 10_000_000n + 30_000_000n;
    const dollars = (nano: bigint) => (Number(nano) / 1e9).toFixed(9);
    await rig.cage.withBudget(dollars(most - 1n), async () => {
      await expect(ask({ max_output_tokens: 16 })).resolves.toBeDefined();
    });
    await rig.cage.withBudget(dollars(most - 10_000_000n), async () => {
      await expect(ask()).rejects.toThrow(/needs up to \$0\.207/);
    });
  });

  it('need a limit of their calls, a small container, and a project that allows them', async () => {
    await start();
    await expect(ask({ max_tool_calls: undefined })).rejects.toThrow(/without max_tool_calls/);
    const large = { type: 'code_interpreter', container: { type: 'auto', memory_limit: '16g' } };
    await expect(ask({ tools: [large] })).rejects.toThrow(/code_interpreter/);
    rig.server.rule('block');
    await expect(rig.cage.fetch(`${provider.url}/v1/models`)).resolves.toBeDefined();
    await new Promise<void>((resolve) => {
      const look = (): void => {
        ask().then(
          () => setTimeout(look, 10),
          (error: unknown) => {
            expect(String(error)).toMatch(/because of web_search, file_search/);
            resolve();
          },
        );
      };
      look();
    });
  });

  it('are allowed again by no option of the program', async () => {
    await start({ unbounded: 'block', cage: { unbounded: 'cap' } });
    await expect(ask()).rejects.toBeInstanceOf(RequestNotBoundedError);
    await expect(
      openai.responses.create({ model: 'gpt-5-mini', input: 'And?', previous_response_id: 'r' }),
    ).rejects.toThrow(/previous_response_id/);
    expect(provider.requests).toHaveLength(0);
  });
});
