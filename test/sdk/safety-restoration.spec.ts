import fc from 'fast-check';

import { Restoration } from '../../sdk/src/safety/restoration.js';
import { StreamRestoration } from '../../sdk/src/safety/stream-restoration.js';
import { ServerEventSplitter } from '../../sdk/src/wire/server-events.js';
import { chatRequest, startRig } from './rig.js';

const originals = new Map([
  ['[EMAIL_1]', 'alice@example.com'],
  ['[EMAIL_10]', 'bob@example.com'],
  ['[SECRET_1]', 'pa"ss\\word'],
]);

interface Chunk {
  readonly choices?: { index: number; delta: Record<string, unknown>; finish_reason?: unknown }[];
}

/** Runs events through a restoration. @returns the events that come out */
function through(events: readonly string[], known = originals): Chunk[] {
  const restoration = new StreamRestoration(known);
  const splitter = new ServerEventSplitter();
  const text =
    splitter
      .push(events.join(''))
      .map((event) => restoration.see(event))
      .join('') + restoration.rest();
  return new ServerEventSplitter()
    .push(text)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as Chunk);
}

const chunk = (delta: Record<string, unknown>, index = 0): string =>
  `data: ${JSON.stringify({ id: 'x', choices: [{ index, delta, finish_reason: null }] })}\n\n`;
const finish = (index = 0): string =>
  `data: ${JSON.stringify({ choices: [{ index, delta: {}, finish_reason: 'stop' }] })}\n\n`;

const contentOf = (chunks: readonly Chunk[], index = 0): string =>
  chunks
    .flatMap(({ choices }) => choices ?? [])
    .filter((choice) => choice.index === index)
    .map(({ delta }) => (delta['content'] as string | undefined) ?? '')
    .join('');

/** Cuts a text at the given places. */
function cut(text: string, places: readonly number[]): string[] {
  const borders = [...new Set(places.map((place) => place % (text.length + 1)))].sort(
    (first, second) => first - second,
  );
  return [...borders, text.length].map((border, index) =>
    text.slice(index === 0 ? 0 : (borders[index - 1] ?? 0), border),
  );
}

describe('answers get the original values back', () => {
  it('in JSON, and in JSON inside of it', () => {
    const body = JSON.stringify({
      choices: [
        {
          message: {
            content: 'Mail [EMAIL_1], not [EMAIL_2] or [EMAIL_10].',
            tool_calls: [{ function: { name: 'x', arguments: '{"password":"[SECRET_1]"}' } }],
          },
        },
      ],
    });
    const restored = JSON.parse(new Restoration(originals).inBody(body) ?? '{}') as {
      choices: {
        message: { content: string; tool_calls: { function: { arguments: string } }[] };
      }[];
    };
    const message = restored.choices[0]?.message;
    expect(message?.content).toBe('Mail alice@example.com, not [EMAIL_2] or bob@example.com.');
    const args = message?.tool_calls[0]?.function.arguments ?? '';
    expect(JSON.parse(args)).toEqual({ password: 'pa"ss\\word' });
  });

  it('or stay byte for byte what they were', () => {
    expect(new Restoration(originals).inBody('{"a": 1.0, "b": "[EMAIL_9]"}')).toBeUndefined();
  });

  it('in chat streams, wherever the border of two chunks is', () => {
    const text = 'Ask [EMAIL_1] and [EMAIL_10], [see] [EMAIL_ [NOTE_1] array[0] [EMAIL_1]';
    const expected = text
      .replaceAll('[EMAIL_1]', 'alice@example.com')
      .replaceAll('[EMAIL_10]', 'bob@example.com');
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 20 }), (places) => {
        const pieces = cut(text, places).map((content) => chunk({ content }));
        const chunks = through([...pieces, finish(), 'data: [DONE]\n\n']);
        expect(contentOf(chunks)).toBe(expected);
      }),
    );
  });

  it('in each of several choices', () => {
    const chunks = through([
      chunk({ content: 'a [EMA' }),
      chunk({ content: 'b [EMAIL' }, 1),
      chunk({ content: 'IL_1]' }),
      finish(),
      chunk({ content: '_10]' }, 1),
      finish(1),
    ]);
    expect(contentOf(chunks)).toBe('a alice@example.com');
    expect(contentOf(chunks, 1)).toBe('b bob@example.com');
  });

  it('and what only began like a token is sent before the stream says that it is done', () => {
    const chunks = through([chunk({ content: 'see [EMAIL' }), finish()]);
    expect(contentOf(chunks)).toBe('see [EMAIL');
    expect(chunks.at(-1)?.choices?.[0]?.finish_reason).toBe('stop');
    expect(contentOf(through([chunk({ content: 'cut off [EMAIL_1' })]))).toBe('cut off [EMAIL_1');
  });

  it('in the arguments of tools, as valid JSON', () => {
    const call = (text: string): string =>
      chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] });
    const chunks = through([call('{"p":"[SEC'), call('RET_1]'), call('"}'), finish()]);
    const args = chunks
      .flatMap(({ choices }) => choices ?? [])
      .flatMap(({ delta }) => (delta['tool_calls'] ?? []) as { function: { arguments: string } }[])
      .map((part) => part.function.arguments)
      .join('');
    expect(JSON.parse(args)).toEqual({ p: 'pa"ss\\word' });
  });

  it('in streams of Anthropic and of responses, final texts included', () => {
    const event = (name: string, body: object): string =>
      `event: ${name}\ndata: ${JSON.stringify({ type: name, ...body })}\n\n`;
    const out = through([
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hi [EMAIL' } }),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: '_1' } }),
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: '] [EM' } }),
      event('content_block_stop', { index: 0 }),
      event('response.output_text.delta', { item_id: 'i', output_index: 0, delta: '[EMAIL_' }),
      event('response.output_text.delta', { item_id: 'i', output_index: 0, delta: '10]' }),
      event('response.output_text.done', { item_id: 'i', text: '[EMAIL_10]' }),
    ]) as unknown as { type: string; delta?: { text: string } | string; text?: string }[];
    const texts = out.filter(({ type }) => type === 'content_block_delta');
    expect(texts.map(({ delta }) => (delta as { text: string }).text).join('')).toBe(
      'hi alice@example.com [EM',
    );
    expect(out.findIndex(({ type }) => type === 'content_block_stop')).toBe(texts.length);
    const deltas = out.filter(({ type }) => type === 'response.output_text.delta');
    expect(deltas.map(({ delta }) => delta as string).join('')).toBe('bob@example.com');
    expect(out.at(-1)?.text).toBe('bob@example.com');
  });
});

describe('on the way through the meter', () => {
  it.each([true, false])('with stream: %s the agent gets the values back', async (stream) => {
    const rig = await startRig({ pii: { email: 'redact' } });
    const messages = [{ role: 'user', content: 'Repeat: write to alice@example.com' }];
    // The provider cuts at white space; so do these tokens.
    rig.provider.setScript(() => ({ text: 'Write to [EMAIL_1], but [EMAIL_2] is unknown.' }));
    const url = `${rig.provider.url}/v1/chat/completions`;
    const response = await rig.cage.fetch(url, chatRequest({ stream, messages }));
    const text = await response.text();
    expect(text).toContain('alice@example.com');
    expect(text).toContain('[EMAIL_2]');
    expect(text).not.toContain('[EMAIL_1]');
    expect(JSON.stringify(rig.provider.bill().records[0]?.body)).not.toContain('alice');
    await rig.close();
  });

  it('leaves tokens in the answer when the policy says so', async () => {
    const rig = await startRig({ pii: { email: 'redact', restore: false } });
    const messages = [{ role: 'user', content: 'I am alice@example.com' }];
    rig.provider.setScript(() => ({ text: 'Hello [EMAIL_1]' }));
    const url = `${rig.provider.url}/v1/chat/completions`;
    const response = await rig.cage.fetch(url, chatRequest({ messages }));
    expect(await response.text()).toContain('Hello [EMAIL_1]');
    await rig.close();
  });

  it('does not give a value of one conversation to another one', async () => {
    const rig = await startRig({ pii: { email: 'redact' } });
    const url = `${rig.provider.url}/v1/chat/completions`;
    rig.provider.setScript(() => ({ text: 'It is [EMAIL_1]' }));
    const ask = async (content: string): Promise<string> => {
      const messages = [{ role: 'user', content }];
      return (await rig.cage.fetch(url, chatRequest({ messages }))).text();
    };
    expect(await ask('I am alice@example.com')).toContain('alice@example.com');
    expect(await ask('Who is [EMAIL_1]?')).not.toContain('alice@example.com');
    await rig.close();
  });

  it('sends the same request again for a retry, and counts its tokens after the replacement', async () => {
    const rig = await startRig({ pii: { email: 'redact' } });
    const url = `${rig.provider.url}/v1/chat/completions`;
    const messages = [{ role: 'user', content: 'mail alice@example.com '.repeat(50) }];
    await (await rig.cage.fetch(url, chatRequest({ messages }))).text();
    await (await rig.cage.fetch(url, chatRequest({ messages }))).text();
    const [first, second] = rig.provider.bill().records;
    expect(first?.body).toEqual(second?.body);
    await rig.close();
  });
});
