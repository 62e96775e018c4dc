import OpenAI from 'openai';

import { costOf, PriceTable } from '../../sdk/src/prices/price-table.js';
import { tokenUsage } from '../../sdk/src/prices/usage.js';
import { ServerEventSplitter } from '../../sdk/src/wire/server-events.js';
import type { Json } from './fake-server.js';
import { chatRequest, CLAUDE, MINI, anthropicUrl, models, startRig, type Rig } from './rig.js';

const prices = new PriceTable({ version: 'v1', models: models() as never });

async function textOf(response: Response): Promise<string> {
  return response.text();
}

describe('streams', () => {
  let rig: Rig;
  const chat = (body: Json = {}, signal?: AbortSignal): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, {
      ...chatRequest({ stream: true, ...body }),
      ...(signal === undefined ? {} : { signal }),
    });
  const settled = async (): Promise<Json> => {
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(1);
    return rig.server.records[0] ?? {};
  };
  beforeEach(async () => {
    rig = await startRig({ cage: { responseDeadlineMs: 150 } });
  });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('ask for the usage and keep its chunk from a caller who did not', async () => {
    const text = await textOf(await chat());
    expect(rig.provider.bill().records[0]?.body['stream_options']).toEqual({ include_usage: true });
    expect(text).toContain('[DONE]');
    expect(text).not.toContain('prompt_tokens');
    expect(await settled()).toMatchObject({ estimated: false, outcome: 'completed' });
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('leave the usage chunk to a caller who asked for it', async () => {
    const text = await textOf(await chat({ stream_options: { include_usage: true } }));
    expect(text).toContain('prompt_tokens');
  });

  it('that break are charged at least for what was received, and less than the whole hold', async () => {
    rig.provider.setScript(() => ({ text: 'one two three four five six', breakAfterChunks: 4 }));
    const response = await chat();
    await expect(textOf(response)).rejects.toThrow();
    const record = await settled();
    expect(record).toMatchObject({ outcome: 'aborted', estimated: true });
    const { input, output } = record['tokens'] as Record<'input' | 'output', number>;
    const billed = rig.provider.bill().records[0]?.usage;
    expect(input).toBeGreaterThanOrEqual(billed?.input ?? Number.NaN);
    expect(output).toBeGreaterThanOrEqual(3);
    expect(output).toBeLessThan(100);
  });

  it('of models that hide their reasoning are charged in full when they break', async () => {
    rig.provider.setScript(() => ({ text: 'one two three', breakAfterChunks: 2 }));
    const response = await chat({
      model: 'gpt-5-mini',
      max_tokens: undefined,
      max_completion_tokens: 900,
    });
    await expect(textOf(response)).rejects.toThrow();
    expect((await settled())['tokens']).toMatchObject({ output: 900 });
  });

  it('that the caller cancels are settled once', async () => {
    rig.provider.setScript(() => ({ text: 'one two three four', chunkDelayMs: 5 }));
    const reader = (await chat()).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await settled()).toMatchObject({ outcome: 'aborted', estimated: true });
  });

  it('that hang or are never read have a deadline', async () => {
    rig.provider.setScript(() => ({ text: 'one two three four', hangAfterChunks: 2 }));
    const response = await chat();
    await expect(textOf(response)).rejects.toThrow(/not read in time/);
    expect(await settled()).toMatchObject({ outcome: 'aborted', estimated: true });
  });

  it('of Anthropic keep the exact input when they break', async () => {
    rig.provider.setScript(() => ({
      text: 'one two three four',
      breakAfterChunks: 4,
      inputTokens: 77,
      cacheReadTokens: 11,
    }));
    const response = await rig.cage.fetch(`${anthropicUrl(rig.provider)}/v1/messages`, {
      ...chatRequest({ model: CLAUDE, stream: true }),
    });
    await expect(textOf(response)).rejects.toThrow();
    expect((await settled())['tokens']).toMatchObject({ input: 77, cacheRead: 11 });
  });
});

describe('physical attempts', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });
  const client = (): OpenAI =>
    new OpenAI({
      apiKey: rig.environment['OPENAI_API_KEY'] ?? '',
      baseURL: `${rig.provider.url}/v1`,
      fetch: rig.cage.fetch,
      maxRetries: 2,
    });
  const messages = [{ role: 'user' as const, content: 'Hello' }];

  it('each have their own record; refused ones cost nothing', async () => {
    rig.provider.setScript(({ number }) =>
      number < 3
        ? { status: number === 1 ? 429 : 500, headers: { 'retry-after-ms': '1' } }
        : { text: 'at last' },
    );
    await client().chat.completions.create({ model: MINI, messages });
    await rig.cage.close();
    expect(
      rig.server.records.map(({ outcome, cost }) => [outcome, cost === '0.000000000']),
    ).toEqual([
      ['failed', true],
      ['failed', true],
      ['completed', false],
    ]);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('whose answer is lost are charged at their upper bound, never below the bill', async () => {
    rig.provider.setScript(({ number }) =>
      number === 1 ? { text: 'lost', breakAfterChunks: 0 } : { text: 'here' },
    );
    await client().chat.completions.create({ model: MINI, messages, max_completion_tokens: 50 });
    await rig.cage.close();
    expect(rig.provider.bill().records).toHaveLength(2);
    expect(rig.server.records[0]).toMatchObject({ outcome: 'failed', estimated: true });
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(rig.provider.bill().totalNano);
  });

  it('that were aborted while they waited for a lease cost nothing, and are told once', async () => {
    const abort = new AbortController();
    rig.server.intercept = (route) => {
      if (route === 'POST /v1/sdk/leases') abort.abort();
      return undefined;
    };
    const told: string[] = [];
    rig.cage.on('usage', ({ costUsd }) => told.push(costUsd));
    const init = { ...chatRequest(), signal: abort.signal };
    const call = rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, init);
    await expect(call).rejects.toThrow(/abort/);
    expect(told).toEqual(['0.000000000']);
    expect(rig.provider.requests).toBe(0);
    expect(rig.cage.budget()).toMatchObject({ spentUsd: '0.000000000' });
  });

  it('that never reach the provider cost nothing', async () => {
    await rig.provider.close();
    const call = rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());
    await expect(call).rejects.toThrow('fetch failed');
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(0n);
  });

  it('whose answer tells no usage are charged at their upper bound', async () => {
    rig.provider.setScript(() => ({ text: 'silent', hideUsage: true }));
    await client().chat.completions.create({ model: MINI, messages, max_completion_tokens: 50 });
    await rig.cage.close();
    const [record] = rig.server.records;
    expect(record).toMatchObject({ outcome: 'completed', estimated: true });
    expect(record?.['tokens']).toMatchObject({ output: 50 });
  });
});

describe('prices', () => {
  it('round once per call, and take the highest tier that is exceeded', () => {
    const table = new PriceTable({
      version: 'v',
      models: [
        {
          provider: 'p',
          id: 'm',
          match: { equals: 'M' },
          periods: [
            { rates: { input: '1', output: '1' } },
            {
              from: '2025-01-01',
              rates: { input: '333', output: '334', cacheRead: '1' },
              tiers: [{ aboveInputTokens: 10, rates: { input: '1000', output: '2000' } }],
            },
          ],
        },
      ],
    });
    const at = (day: string) => table.find('p', 'm', Date.parse(day));
    const now = at('2025-01-01') ?? fail();
    expect(costOf(now, tokenUsage({ input: 1, output: 1 }))).toBe(1n);
    expect(costOf(now, tokenUsage({ input: 4, output: 1 }))).toBe(2n);
    expect(costOf(now, tokenUsage({ input: 10 }))).toBe(4n);
    expect(costOf(now, tokenUsage({ input: 6, cacheRead: 5, output: 1 }))).toBe(13n);
    expect(costOf(at('2024-12-31') ?? fail(), tokenUsage({ input: 1_000 }))).toBe(1n);
    expect(table.find('p', 'unknown', 0)).toBeUndefined();
    expect(prices.find('openai', `${MINI}-2024-07-18`, 0)?.id).toBe(MINI);
  });
});

function fail(): never {
  throw new Error('there must be a price');
}

describe('cutting a stream into events', () => {
  it('does not depend on where the chunks end', () => {
    const text = 'data: {"a":1}\n\nevent: x\r\ndata: 2\r\ndata: 3\r\n\r\n: comment\n\ndata: last';
    const whole = new ServerEventSplitter();
    const expected = [...whole.push(text), whole.rest()];
    for (let size = 1; size < 12; size += 1) {
      const splitter = new ServerEventSplitter();
      const events = [];
      for (let from = 0; from < text.length; from += size) {
        events.push(...splitter.push(text.slice(from, from + size)));
      }
      const all = [...events, splitter.rest()];
      expect(all.map((event) => event?.data)).toEqual(expected.map((event) => event?.data));
      expect(all.map((event) => event?.raw).join('')).toBe(text);
    }
    expect(expected.map((event) => event?.data)).toEqual(['{"a":1}', '2\n3', '', 'last']);
  });
});

describe('the models of a key', () => {
  const table = (...allowed: string[]) =>
    new PriceTable({ version: 'v1', models: models() as never }, allowed);

  it.each([
    [[], 'anything', true],
    [['gpt-5*'], 'GPT-5-mini', true],
    [['gpt-5*'], 'gpt-4o', false],
    [['claude-*-haiku', 'o3'], 'claude-4-haiku', true],
    [['claude-*-haiku', 'o3'], 'o3-mini', false],
    [['gpt-5.1'], 'gpt-5x1', false],
  ])('%j: %s is called: %s', (allowed, model, expected) => {
    expect(table(...allowed).allows(model)).toBe(expected);
  });
});
