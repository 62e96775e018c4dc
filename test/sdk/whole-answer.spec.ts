import { wholeAnswer } from '../../sdk/src/fetch/whole-answer.js';
import { WholeBody } from '../../sdk/src/fetch/whole-body.js';

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const encode = (text: string): ArrayBuffer => new TextEncoder().encode(text).slice().buffer;
const contents: readonly (readonly [string, ArrayBuffer, string])[] = [
  ['JSON', encode('{"a":[1,"ü"]}'), JSON_TYPE],
  ['nothing', encode(''), JSON_TYPE],
  ['no JSON', encode('oops'), 'text/plain'],
  ['a byte order mark', encode('\ufeff{"a":1}'), JSON_TYPE],
  ['bytes that are no text', Uint8Array.of(0xff, 0x00, 0xc3).buffer, 'audio/mpeg'],
  ['a form', encode('a=1&b=%20'), FORM_TYPE],
];
type Reading = (response: Response) => Promise<unknown>;
const readings = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => [...new Uint8Array(await response.arrayBuffer())],
  bytes: async (response) => [...new Uint8Array(await response.bytes())],
  blob: async (response) => {
    const blob = await response.blob();
    return [blob.type, await blob.text()];
  },
  body: async (response) => {
    const chunks: number[] = [];
    for await (const chunk of response.body ?? []) chunks.push(...chunk);
    return chunks;
  },
} satisfies Record<string, Reading>;

/** Node's own answer, and ours with the same content. */
function both(bytes: ArrayBuffer, type: string): [Response, Response] {
  const native = new Response(bytes.slice(0), { status: 201, headers: { 'content-type': type } });
  return [native, wholeAnswer(new WholeBody(bytes.slice(0), type), native)];
}

async function outcomeOf(reading: Reading, response: Response): Promise<unknown> {
  try {
    return { read: await reading(response) };
  } catch (error) {
    return { failed: (error as Error).name };
  }
}

describe('an answer that was read already', () => {
  for (const [name, bytes, type] of contents) {
    for (const [way, reading] of Object.entries(readings)) {
      if (way === 'bytes' && !('bytes' in Response.prototype)) continue; // Node 20
      it(`gives ${name} as ${way} like Node's own, once`, async () => {
        const [native, ours] = both(bytes, type);
        expect(ours.bodyUsed).toBe(false);
        expect(await outcomeOf(reading, ours)).toEqual(await outcomeOf(reading, native));
        if (bytes.byteLength > 0) expect(ours.bodyUsed).toBe(native.bodyUsed);
        for (const again of [readings.text, readings.blob]) {
          expect(await outcomeOf(again, ours)).toEqual({ failed: 'TypeError' });
        }
        expect(() => ours.clone()).toThrow(TypeError);
      });

      it(`gives ${name} as ${way} from a clone, and once more from the original`, async () => {
        const [native, ours] = both(bytes, type);
        const copy = ours.clone();
        const expected = await outcomeOf(reading, native);
        expect(await outcomeOf(reading, copy)).toEqual(expected);
        expect(await outcomeOf(reading, ours)).toEqual(expected);
        expect(copy.status).toBe(201);
      });
    }
  }

  it('is a Response with the status, the headers and the address of what came', async () => {
    const head = new Response('x', {
      status: 203,
      statusText: 'Non-Authoritative',
      headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip', 'x-request-id': 'r1' },
    });
    Object.defineProperty(head, 'url', { value: 'https://api.openai.com/v1' });
    const ours = wholeAnswer(new WholeBody(encode('{}'), JSON_TYPE), head);
    expect(ours).toBeInstanceOf(Response);
    expect([ours.status, ours.ok, ours.statusText]).toEqual([203, true, 'Non-Authoritative']);
    expect([ours.url, ours.clone().url]).toEqual([head.url, head.url]);
    expect(ours.headers.get('x-request-id')).toBe('r1');
    expect(ours.headers.has('content-encoding')).toBe(false);
    expect(await new Response(ours.body).text()).toBe('{}');
    expect(ours.bodyUsed).toBe(true);
  });

  it('can be read neither while a stream of it is being read, nor cloned', async () => {
    const [, ours] = both(encode('{}'), JSON_TYPE);
    const reader = ours.body?.getReader();
    expect(() => ours.clone()).toThrow(TypeError);
    await expect(ours.text()).rejects.toMatchObject({ name: 'TypeError' });
    expect(await reader?.read()).toMatchObject({ done: false });
  });

  it('gives what was put in its place in every form', async () => {
    const replaced = (): Response => {
      const body = new WholeBody(encode('[EMAIL_1]'), JSON_TYPE);
      expect(body.peek()).toBe('[EMAIL_1]');
      body.replaceText('"ä"');
      return wholeAnswer(body, new Response());
    };
    expect(await replaced().json()).toBe('ä');
    expect(Buffer.from(await replaced().arrayBuffer()).toString()).toBe('"ä"');
    expect(await (await replaced().blob()).text()).toBe('"ä"');
  });
});
