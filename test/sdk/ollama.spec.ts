import { findIronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import { LineSplitter } from '../../sdk/src/wire/line-splitter.js';
import type { Json } from './fake-server.js';
import { startRig, type Rig, type RigOptions } from './rig.js';

const MODEL = 'qwen3:8b';
const own = (model: string, input: string, output: string): Json => ({
  id: `own-${model}`,
  provider: 'ollama',
  match: { equals: model },
  from: '2020-01-01',
  rates: { input, output },
});
/** The project's own machine, priced for what it costs to run; the table knows no model of it. */
const OVERRIDES = [own(MODEL, '150000', '600000'), own('nomic-embed-text', '20000', '0')];
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA10dzkAAAABHNCSVQICAgIfAhkiAAAAAlwSFlzAAALEwAACxMBAJqcGAAAAAd0SU1F';

describe("Ollama's own language", () => {
  let rig: Rig;
  const start = async (options: RigOptions = {}): Promise<void> => {
    rig = await startRig({
      providerPrices: { '*': { input: 150_000n, output: 600_000n } },
      secretProvider: 'ollama',
      models: [],
      overrides: OVERRIDES,
      ...options,
    });
  };
  const send = (path: string, body: Json, signal?: AbortSignal): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, ...body }),
      ...(signal === undefined ? {} : { signal }),
    });
  const messages = [{ role: 'user', content: 'Say hello.' }];
  const options = { num_predict: 50 };
  const only = async (): Promise<Json> => {
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(1);
    return rig.server.records[0] ?? {};
  };
  const sentBody = (): Json => ({ ...rig.provider.bill().records.at(-1)?.body });
  const refusalOf = async (call: Promise<unknown>): Promise<string | undefined> =>
    findIronCageError(await call.catch((error: unknown) => error))?.code;
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('streams unless told otherwise, and every line reaches the caller as it was', async () => {
    await start();
    rig.provider.setScript(() => ({ text: 'One two three.', inputTokens: 11, outputTokens: 4 }));
    const response = await send('/api/chat', { messages, options });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text()).trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { done: boolean }).done)).toEqual([
      false,
      false,
      false,
      true,
    ]);
    const record = await only();
    expect(record).toMatchObject({ estimated: false, outcome: 'completed' });
    expect(record['tokens']).toMatchObject({ input: 11, output: 4 });
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('books the bound of a stream that is given up, at least what was received', async () => {
    await start();
    rig.provider.setScript(() => ({ text: 'one two three four', hangAfterChunks: 2 }));
    const controller = new AbortController();
    const response = await send('/api/generate', { prompt: 'Count.', options }, controller.signal);
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort();
    await expect(reader?.read()).rejects.toThrow();
    const record = await only();
    expect(record).toMatchObject({ estimated: true, outcome: 'aborted' });
    expect(rig.server.spentNano).toBeGreaterThanOrEqual(rig.provider.bill().totalNano);
  });

  it('sends nothing that the budget does not pay for', async () => {
    await start();
    const refused = rig.cage.withBudget('0.000001', () => send('/api/chat', { messages, options }));
    expect(await refusalOf(refused)).toBe('BUDGET_EXCEEDED');
    expect(rig.provider.requests).toBe(0);
  });

  it('writes an affordable num_predict beside the other options', async () => {
    await start({ cage: { clampOutput: true } });
    await rig.cage.withBudget('0.0005', async () => {
      const asked = { num_predict: 100_000, temperature: 0 };
      await (await send('/api/chat', { messages, options: asked, stream: false })).text();
    });
    const { num_predict: written, temperature } = sentBody()['options'] as Json;
    expect(temperature).toBe(0);
    expect(written).toBeGreaterThan(200);
    expect(written).toBeLessThan(900);
  });

  it.each([{}, { num_predict: -1 }])('ends what has no end: %j', async (asked) => {
    await start();
    await (await send('/api/generate', { prompt: 'Tell.', options: asked })).text();
    expect(sentBody()['options']).toEqual({ num_predict: 32_768 });
  });

  it('bounds images by their number, not by their text, and leaves them as they are', async () => {
    await start({ pii: { email: 'redact', phone: 'redact', card: 'redact' } });
    const image = png + 'A'.repeat(400_000);
    rig.provider.setScript(() => ({ text: 'A cat.', inputTokens: 2_000 }));
    const asked = { prompt: 'What?', images: [image], options };
    const chat = {
      messages: [{ role: 'user', content: 'What?', images: [image, image] }],
      options,
    };
    // An image is 24,600 tokens at most, $0.0037; as text it would be more than $0.02.
    const tooLittle = rig.cage.withBudget('0.0036', () => send('/api/generate', asked));
    expect(await refusalOf(tooLittle)).toBe('BUDGET_EXCEEDED');
    expect(rig.provider.requests).toBe(0);
    await rig.cage.withBudget('0.004', async () => {
      await (await send('/api/generate', asked)).text();
    });
    expect(sentBody()['images']).toEqual([image]);
    await rig.cage.withBudget('0.008', async () => {
      await (await send('/api/chat', chat)).text();
    });
    expect(sentBody()['messages']).toEqual(chat.messages);
  });

  it('costs nothing where the rates are zero, and is counted all the same', async () => {
    await start({
      providerPrices: { '*': { input: 0n, output: 0n } },
      overrides: [own('*', '0', '0')].map((each) => ({ ...each, match: { contains: '' } })),
    });
    rig.provider.setScript(() => ({ text: 'Free.', inputTokens: 7, outputTokens: 2 }));
    await (await send('/api/chat', { messages, options })).text();
    const record = await only();
    expect(record['tokens']).toMatchObject({ input: 7, output: 2 });
    expect(rig.server.spentNano).toBe(0n);
  });

  it('refuses a model that nobody has priced', async () => {
    await start({ overrides: [] });
    expect(await refusalOf(send('/api/chat', { messages }))).toBe('UNKNOWN_MODEL');
    expect(rig.provider.requests).toBe(0);
  });

  it('embeds: by its count, or by its bound where the older way tells none', async () => {
    await start();
    const model = 'nomic-embed-text';
    rig.provider.setScript(() => ({ inputTokens: 9 }));
    await (await send('/api/embed', { model, input: ['one', 'two'] })).text();
    await (await send('/api/embeddings', { model, prompt: 'one two three' })).text();
    await rig.cage.close();
    const [counted, bounded] = rig.server.records;
    expect(counted).toMatchObject({ estimated: false, tokens: { input: 9 } });
    expect(bounded).toMatchObject({ estimated: true });
    expect((bounded?.['tokens'] as Json)['input']).toBeGreaterThanOrEqual(9);
  });

  it('lists and describes models freely, and lets no agent change them', async () => {
    await start();
    for (const path of ['/api/tags', '/api/ps', '/api/version']) {
      await rig.cage.fetch(`${rig.provider.url}${path}`);
    }
    await send('/api/show', {});
    expect(rig.provider.requests).toBe(4);
    for (const path of ['/api/pull', '/api/delete', '/api/create']) {
      expect(await refusalOf(send(path, {}))).toBe('ENDPOINT_NOT_METERED');
    }
    expect(rig.provider.requests).toBe(4);
    expect(rig.server.records).toEqual([]);
  });

  it.each([true, false])('books nothing for fetching a model (streamed: %s)', async (stream) => {
    await start();
    rig.provider.setScript(() => ({ loads: true }));
    const text = await (await send('/api/generate', { stream })).text();
    expect(JSON.parse(text)).toMatchObject({ done: true, done_reason: 'load' });
    expect(await only()).toMatchObject({ estimated: false });
    expect(rig.server.spentNano).toBe(0n);
  });

  it.each([true, false])(
    'gets back what was replaced in a prompt (streamed: %s)',
    async (stream) => {
      await start({ pii: { email: 'redact' } });
      rig.provider.setScript(() => ({
        text: 'Wrote to [EMAIL_1] and [EMAIL_1',
        toolCalls: [{ name: 'write', arguments: { to: '[EMAIL_1]' } }],
      }));
      const asked = [{ role: 'user', content: 'Write to alice@example.com' }];
      const text = await (await send('/api/chat', { messages: asked, options, stream })).text();
      const lines = text.trim().split('\n');
      const parts = lines.map((line) => JSON.parse(line) as { message: Json; done: boolean });
      expect(parts.map(({ message }) => message['content']).join('')).toBe(
        'Wrote to alice@example.com and [EMAIL_1',
      );
      expect(parts.flatMap(({ message }) => message['tool_calls'] ?? [])).toEqual([
        { function: { name: 'write', arguments: { to: 'alice@example.com' } } },
      ]);
      expect(parts.map(({ done }) => done)).toEqual(
        lines.map((_, index) => index === lines.length - 1),
      );
      expect(JSON.stringify(sentBody())).not.toContain('alice');
    },
  );
});

describe('lines', () => {
  it('are cut wherever the chunks end', () => {
    const text = '{"a":1}\n{"b":"ü"}\r\n\n{"c":3}';
    for (let size = 1; size <= text.length; size += 1) {
      const splitter = new LineSplitter();
      const found = (text.match(new RegExp(`[^]{1,${size.toString()}}`, 'g')) ?? [])
        .flatMap((chunk) => splitter.push(chunk))
        .concat(splitter.rest() ?? []);
      expect(found.map(({ data }) => data)).toEqual(['{"a":1}', '{"b":"ü"}', '', '{"c":3}']);
      expect(found.map(({ raw }) => raw).join('')).toBe(`${text}\n`);
    }
    expect(new LineSplitter().rest()).toBeUndefined();
  });
});
