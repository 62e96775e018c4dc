import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { usageRecord } from '../../src/billing/agent-billing.contract.js';
import { UnknownModelError } from '../../sdk/src/errors/catalogue.js';
import { RawProvider } from '../harness/raw-provider.js';
import type { Json } from './fake-server.js';
import { chatRequest, MINI, models, REAL_OPENAI_KEY, startRig, until, type Rig } from './rig.js';

/** What one call of {@link chatRequest} may cost: the output is limited to 100 tokens. */
const OUTPUT_MAX_NANO = 100n * 600n;
const usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
const USAGE_NANO = 12n * 150n + 7n * 600n;

let rig: Rig;
let provider: RawProvider;

beforeEach(async () => {
  provider = await RawProvider.start();
  const fields = { OPENAI_API_KEY: REAL_OPENAI_KEY };
  rig = await startRig({
    secrets: [{ provider: 'openai', hosts: [provider.host], fields }],
    models: models(),
    cage: { responseDeadlineMs: 150 },
  });
});
afterEach(async () => {
  await rig.close();
  await provider.close();
  expect(rig.server.problems).toEqual([]);
});

const ask = (body: Json = {}, init: RequestInit = {}): Promise<Response> =>
  rig.cage.fetch(`${provider.url}/v1/chat/completions`, { ...chatRequest(body), ...init });
const answerOf = (told: unknown): string =>
  JSON.stringify({ model: MINI, choices: [{ message: { content: 'Hello' } }], usage: told });
const chunkOf = (content: string, more: Json = {}): string =>
  `data: ${JSON.stringify({ model: MINI, choices: [{ index: 0, delta: { content } }], ...more })}\n\n`;
const usageChunk = (told: unknown): string =>
  `data: ${JSON.stringify({ model: MINI, choices: [], usage: told })}\n\ndata: [DONE]\n\n`;
const json = (response: ServerResponse, text: string, headers = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
};
const events = (response: ServerResponse, text: string | Buffer, headers = {}): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.write(text);
};
const booked = async (): Promise<Json> => {
  await rig.cage.close();
  expect(rig.server.records).toHaveLength(1);
  expect(rig.server.heldNano).toBe(0n);
  return rig.server.records[0] ?? {};
};

describe('a provider that lies about the usage', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [12, 7]],
    ['an empty object', {}],
    ['words', { ...usage, prompt_tokens: 'twelve' }],
    ['a number as text', { ...usage, completion_tokens: '7' }],
    ['less than nothing', { ...usage, prompt_tokens: -12 }],
    ['more than can be counted', { ...usage, completion_tokens: 1e300 }],
    ['a sum that cannot be', { ...usage, total_tokens: 2e9 }],
    ['only one side', { prompt_tokens: 12 }],
  ])('is not believed when it tells %s: the bound is booked', async (_, told) => {
    for (const stream of [false, true]) {
      provider.answer = (response) => {
        if (stream) events(response, chunkOf('Hello') + usageChunk(told));
        else json(response, answerOf(told));
        response.end();
      };
      const text = await (await ask({ stream })).text();
      expect(text).toContain('Hello');
    }
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(2);
    for (const record of rig.server.records) {
      expect(record).toMatchObject({ outcome: 'completed', estimated: true });
    }
    expect(rig.server.records[0]?.['tokens']).toMatchObject({ output: 100 });
    expect(rig.server.heldNano).toBe(0n);
  });

  it('is booked so that the server takes it, whatever it tells', async () => {
    const told = [
      { ...usage, completion_tokens: 6.5 },
      { ...usage, prompt_tokens_details: { cached_tokens: 0.5 } },
      { ...usage, prompt_tokens_details: { cached_tokens: 9e8, cache_write_tokens: 9e8 } },
    ];
    for (const each of told) {
      provider.answer = (response) => {
        json(response, answerOf(each));
      };
      await ask();
    }
    await rig.cage.close();
    expect(rig.server.records).toHaveLength(told.length);
    for (const record of rig.server.records) usageRecord.parse(record);
    expect(rig.server.records[0]?.['tokens']).toMatchObject({ output: 7 });
  });
});

describe('a provider that sends something else than an answer', () => {
  it.each([
    ['nothing', ''],
    ['a page', '<html><body>Bad gateway</body></html>'],
    ['half of an answer', answerOf(usage).slice(0, 40)],
    ['a list', '[]'],
    ['bytes that are no text', '\xff\xfe\x00'],
  ])('is handed on when that is %s, and booked at the bound', async (_, text) => {
    provider.answer = (response) => {
      json(response, text);
    };
    expect(await (await ask()).text()).toBe(text);
    expect(await booked()).toMatchObject({ estimated: true, tokens: { output: 100 } });
  });

  it('is handed on inside a stream, and what was told beside it counts', async () => {
    const noise = ': ping\n\ndata: {"oops\n\ndata: 7\n\nevent: x\ndata: null\n\n';
    provider.answer = (response) => {
      events(response, noise + chunkOf('Hello') + usageChunk(usage));
      response.end();
    };
    expect(await (await ask({ stream: true })).text()).toContain('{"oops');
    expect(await booked()).toMatchObject({ estimated: false, cost: '0.000006000' });
    expect(rig.server.spentNano).toBe(USAGE_NANO);
  });
});

describe('a provider that sends half a chunk', () => {
  const whole = Buffer.from(chunkOf('Grüße aus Łódź 🌧') + usageChunk(usage));

  it('and then the rest of it: read as if it had come at once, wherever it was cut', async () => {
    provider.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.socket?.setNoDelay(true);
      const write = (at: number): void => {
        if (at >= whole.length) response.end();
        else response.write(whole.subarray(at, at + 7), () => setImmediate(write, at + 7));
      };
      write(0);
    };
    const text = await (await ask({ stream: true })).text();
    expect(text).toContain('Grüße aus Łódź 🌧');
    await booked();
    expect(rig.server.spentNano).toBe(USAGE_NANO);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['breaks off', (response) => setTimeout(() => response.destroy(), 20), /terminated/],
    ['hangs', () => undefined, /not read in time/],
  ])('and then %s: the input and what came are booked', async (_, afterwards, message) => {
    provider.answer = (response) => {
      events(response, whole.subarray(0, 30));
      afterwards(response);
    };
    await expect((await ask({ stream: true })).text()).rejects.toThrow(message);
    const record = await booked();
    expect(record).toMatchObject({ outcome: 'aborted', estimated: true });
    expect(rig.server.spentNano).toBeGreaterThan(0n);
    expect(rig.server.spentNano).toBeLessThan(OUTPUT_MAX_NANO);
  });

  it('of an answer that is no stream: the bound is booked', async () => {
    provider.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"model":');
      setTimeout(() => response.destroy(), 20);
    };
    await expect(ask()).rejects.toThrow(/terminated/);
    expect(await booked()).toMatchObject({ outcome: 'aborted', tokens: { output: 100 } });
  });
});

describe('a provider that compresses', () => {
  const codings = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };

  it.each(Object.entries(codings))(
    'with %s is read and handed on plainly',
    async (coding, pack) => {
      const headers = { 'content-encoding': coding };
      provider.answer = (response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers });
        response.end(pack(answerOf(usage)));
      };
      const response = await ask();
      expect(response.headers.has('content-encoding')).toBe(false);
      expect(await response.json()).toMatchObject({ usage });
      provider.answer = (stream) => {
        events(stream, pack(chunkOf('Hello') + usageChunk(usage)), headers);
        stream.end();
      };
      expect(await (await ask({ stream: true })).text()).toContain('Hello');
      await rig.cage.close();
      expect(rig.server.spentNano).toBe(2n * USAGE_NANO);
    },
  );

  // A cut is not noticed by Node's fetch, noise is.
  it.each(Object.entries(codings))(
    'with damaged %s is booked at its bound',
    async (coding, pack) => {
      const damaged = [pack(answerOf(usage)).subarray(0, 20), Buffer.alloc(60, 0xff)];
      for (const bytes of damaged) {
        provider.answer = (response) => {
          response.writeHead(200, {
            'content-type': 'application/json',
            'content-encoding': coding,
          });
          response.end(bytes);
        };
        await ask().catch(() => undefined);
      }
      await rig.cage.close();
      expect(rig.server.records).toHaveLength(damaged.length);
      for (const record of rig.server.records) {
        expect(record).toMatchObject({ estimated: true, tokens: { output: 100 } });
      }
    },
  );
});

describe('a provider that redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'with %d to another host is not followed: neither key nor prompt gets there',
    async (status) => {
      const other = await RawProvider.start();
      provider.answer = (response) => {
        response.writeHead(status, { location: `${other.url}/v1/chat/completions` }).end();
      };
      const headers = { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` };
      expect((await ask({}, { headers, redirect: 'follow' })).status).toBe(status);
      expect([provider.requests, other.requests]).toEqual([1, 0]);
      await other.close();
      await booked();
      expect(rig.server.spentNano).toBe(0n);
    },
  );
});

describe('a provider that hangs before it answers', () => {
  it('is left when the caller gives up, and booked at the bound', async () => {
    const abort = new AbortController();
    provider.answer = () => {
      abort.abort();
    };
    await expect(ask({}, { signal: abort.signal })).rejects.toThrow(/abort/);
    await until('the call is booked', () => rig.cage.budget().spentUsd !== '0.000000000');
    expect(await booked()).toMatchObject({ outcome: 'failed', tokens: { output: 100 } });
  });
});

describe('a model that is known by its beginning only', () => {
  it.each([
    ['is too long', `${MINI}-${'x'.repeat(300)}`],
    ['has control characters', `${MINI}-\n`],
    ['has half a character', `${MINI}-\ud800`],
  ])('is refused when its name %s, for no report could name it', async (_, model) => {
    await expect(ask({ model })).rejects.toBeInstanceOf(UnknownModelError);
    expect(provider.requests).toBe(0);
  });
});
