import { existsSync } from 'node:fs';

import { get_encoding } from 'tiktoken';

import type { JsonObject } from '../../sdk/src/providers/call-plan.js';
import { boundOpenAiImage } from '../../sdk/src/tokens/image-bound.js';
import { sizeOfBase64, sizeOfDataUrl } from '../../sdk/src/tokens/image-size.js';
import { TextCounter } from '../../sdk/src/tokens/text-counter.js';
import { boundOf, countedInput } from '../eval/bounds-decision.js';
import { readJsonLines } from '../eval/json-lines.js';
import { shippedPrices } from '../eval/usage-decision.js';

const seed = Number(process.env['SDK_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Both vocabularies together: twenty thousand texts on a machine that is not too slow. */
const FUZZ_MS_MAX = Number(process.env['SDK_FUZZ_MS'] ?? 15_000);

/** Mulberry32: small, and the same for the same seed everywhere. */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Long in Unicode, so that all versions of its tables agree on their classes.
const fragments = [
  ...Array.from('aBcXYZé ßñ漢字のкΩ1٣½_-/!?.,;:\'"()[]{}<>@#$%^&*~`|\\\t\n\r'),
  ...['  ', '   ', '\r\n', "'s", "'S", "'ll", "'LL", "'ſ", 'ſ', '12', '2345', '👍🏽', '🇫🇷', '\u0301'],
  ...[
    '\u0085',
    '\ufeff',
    '\u200b',
    'ǅ',
    'ʰ',
    'ª',
    '𝒳',
    'The ',
    'HTTPServer',
    '\ud800',
    '\u00a0',
    '\u3000',
  ],
  ...['return x;', '{"a":1}', '<|endoftext|>', 'supercalifragilistic', 'camelCaseWord', 'éÀÉ'],
];

const plainFragments = fragments.filter(
  (fragment) => Buffer.byteLength(fragment) === fragment.length,
);

/** Of this process: what else the machine does at the time must not shorten the comparison. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** @param foreignShare how much of it may be other than ASCII: little takes another way than much */
function randomText(random: () => number, foreignShare: number): string {
  let text = '';
  for (let count = Math.floor(random() * 40); count >= 0; count -= 1) {
    const choice = random() < foreignShare ? fragments : plainFragments;
    const fragment = choice[Math.floor(random() * choice.length)] ?? '';
    text += random() < 0.04 ? fragment.repeat(20 + Math.floor(random() * 200)) : fragment;
  }
  return text;
}

describe.each(['o200k_base', 'cl100k_base'] as const)('counting with %s', (encoding) => {
  it(`agrees with tiktoken on random text (SDK_TEST_SEED=${seed.toString()})`, () => {
    const random = generator(seed);
    const oracle = get_encoding(encoding);
    const counter = new TextCounter(encoding);
    const startedMs = cpuMs();
    let round = 0;
    for (; round < 10_000 && cpuMs() - startedMs < FUZZ_MS_MAX; round += 1) {
      const text = randomText(random, [1, 0, 0.02, 0.1][round % 4] ?? 1);
      const { wordTokens, numberTokens, bytes } = counter.count(text);
      const expected = oracle.encode_ordinary(text).length;
      if (wordTokens + numberTokens !== expected) {
        throw new Error(`${JSON.stringify(text)}: ${(wordTokens + numberTokens).toString()}`);
      }
      expect(expected).toBeLessThanOrEqual(bytes);
    }
    oracle.free();
    // A slow machine compares less, but never next to nothing.
    expect(round).toBeGreaterThan(1_000);
  });

  it('needs steps that grow like n log n on one repeated character', () => {
    const stepsPerByte = [10_000, 100_000].map((length) => {
      const work = { steps: 0 };
      new TextCounter(encoding).count('a'.repeat(length), work);
      expect(work.steps).toBeGreaterThan(length);
      return work.steps / length;
    });
    const [small = 0, large = 0] = stepsPerByte;
    expect(large / small).toBeLessThan(1.5); // a quadratic count would give 10
  });
});

it('counts the digits apart from the words', () => {
  const count = new TextCounter('o200k_base').count('In 2024 about 1234567 people');
  expect(count.digits).toBe(11);
  expect(count.numberTokens).toBe(2 + 3);
});

const recordedPath = new URL(
  process.env['SDK_RECORDED_CALLS'] ?? '../../../shared/data/recorded-calls.jsonl.gz',
  import.meta.url,
);

describe('bounds of recorded calls', () => {
  if (!existsSync(recordedPath)) {
    it.skip('skipped: the recorded calls are not here (set SDK_RECORDED_CALLS)', () => undefined);
    return;
  }

  it('are never below what the provider counted', () => {
    const prices = shippedPrices();
    const below: string[] = [];
    let compared = 0;
    for (const line of readJsonLines(recordedPath.pathname) as RecordedCall[]) {
      const bound = boundOf(prices, line, Date.now());
      if (bound.kind === 'refused') continue;
      const actual = countedInput(bound, line.usage);
      if (actual === undefined) continue;
      compared += 1;
      if (actual > bound.inputTokens) {
        below.push(`${line.host} ${line.model}: ${actual.toString()} > ${bound.inputTokens}`);
      }
    }
    expect(compared).toBeGreaterThan(300);
    expect(below).toEqual([]);
  });
});

interface RecordedCall {
  readonly host: string;
  readonly path: string;
  readonly model: string;
  readonly request: JsonObject;
  readonly usage: JsonObject;
}

describe('images', () => {
  const png = (width: number, height: number): string => {
    const bytes = Buffer.alloc(33);
    bytes.write('\u0089PNG\r\n\u001a\n', 0, 'latin1');
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes.toString('base64');
  };

  it('reads sizes out of headers', () => {
    expect(sizeOfDataUrl(`data:image/png;base64,${png(640, 480)}`)).toEqual({
      width: 640,
      height: 480,
    });
    const gif = Buffer.from('GIF89a\u0010\u0000\u0020\u0000', 'latin1').toString('base64');
    expect(sizeOfBase64(gif)).toEqual({ width: 16, height: 32 });
    expect(sizeOfDataUrl('https://example.com/cat.png')).toBeUndefined();
  });

  it.each([
    ['gpt-4o', 1024, 1024, 765], // the example of OpenAI's documentation
    ['gpt-4o', 2048, 4096, 1105], // likewise
    ['gpt-4o', 512, 512, 255],
  ])('bounds %s at %d × %d as documented', (model, width, height, tokens) => {
    expect(boundOpenAiImage(model, { width, height })).toBe(tokens);
  });

  it('takes the maximum when the size is unknown', () => {
    const known = boundOpenAiImage('gpt-4o', { width: 9_000, height: 9_000 });
    expect(boundOpenAiImage('gpt-4o', undefined)).toBeGreaterThanOrEqual(known);
  });
});
