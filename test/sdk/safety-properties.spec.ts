import fc from 'fast-check';

import { passesLuhn } from '../../sdk/src/safety/check-digits.js';
import { findPii } from '../../sdk/src/safety/detect.js';
import { defaultTypes, piiTypes } from '../../sdk/src/safety/finding.js';
import { Restoration } from '../../sdk/src/safety/restoration.js';
import { SafetyFilter } from '../../sdk/src/safety/safety-filter.js';

const types = new Set<string>(defaultTypes);
const allTypes = new Set<string>(piiTypes);

const characterOf = (all: string): fc.Arbitrary<string> =>
  fc.nat(all.length - 1).map((index) => all.charAt(index));
const digits = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''));
const letters = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(characterOf('abcdefghijklmnopqrstuvwxyz'), { minLength, maxLength })
    .map((all) => all.join(''));

const card = digits(14).map((rest) => {
  const body = `4${rest}`;
  const check = '0123456789'.split('').find((digit) => passesLuhn(body + digit)) ?? '';
  return (body + check).replace(/(\d{4})(?=\d)/g, '$1 ');
});
const iban = digits(18).map((account) => {
  const check = 98n - (BigInt(`${account}131400`) % 97n); // DE00
  return `DE${check.toString().padStart(2, '0')}${account}`;
});
const ssn = fc
  .tuple(
    fc.integer({ min: 100, max: 665 }),
    fc.integer({ min: 10, max: 99 }),
    fc.integer({ min: 1000, max: 9999 }),
  )
  .map((parts) => parts.join('-'));
const phone = fc
  .tuple(fc.integer({ min: 200, max: 999 }), fc.integer({ min: 200, max: 999 }), digits(4))
  .map(([area, exchange, line]) => `+1 (${String(area)}) ${String(exchange)}-${line}`);
const email = fc
  .tuple(letters(2, 12), letters(2, 12))
  .map(([user, host]) => `${user}@${host}.example.com`);
const ip = fc
  .tuple(fc.integer({ min: 20, max: 126 }), fc.ipV4())
  .map(([first, rest]) => rest.replace(/^\d+/, String(first)));
const secret = fc
  .array(characterOf('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'), {
    minLength: 36,
    maxLength: 36,
  })
  .map((all) => `ghp_${all.join('')}`);

/** Words and marks that none of the values can grow into. */
const ordinary = fc
  .array(
    fc.constantFrom(
      'the',
      'quick',
      'brown,',
      'fox.',
      'jumps;',
      '(over)',
      'größer',
      '中文',
      '—',
      '\n',
      'a',
    ),
    { maxLength: 12 },
  )
  .map((words) => words.join(' '));

const values: readonly (readonly [string, fc.Arbitrary<string>])[] = [
  ['card', card],
  ['iban', iban],
  ['ssn', ssn],
  ['phone', phone],
  ['email', email],
  ['ip', ip],
  ['secret', secret],
];

describe('a value in any text', () => {
  it.each(values)('is found exactly: %s', (type, value) => {
    fc.assert(
      fc.property(ordinary, value, ordinary, (before, found, after) => {
        const start = before.length + 1;
        expect(findPii(`${before} ${found} ${after}`, types)).toEqual([
          { type, start, end: start + found.length },
        ]);
      }),
      { numRuns: 300 },
    );
  });

  it('is replaced, and comes back as it was', () => {
    const part = fc.oneof(
      ordinary,
      ...values.map(([, value]) => value),
      fc.constantFrom('[EMAIL_1]', '[CARD_2', '"', '\\'),
    );
    const policy = Object.fromEntries(defaultTypes.map((type) => [type, 'redact']));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join(' ');
        const body = { messages: [{ content: text }] };
        const result = new SafetyFilter(policy).apply(body);
        const sent = body.messages[0]?.content ?? '';
        expect(findPii(sent, types)).toEqual([]);
        expect(new Restoration(result?.originals ?? new Map()).inText(sent, false)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('never moves the borders out of the text, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), email, (noise, address) => {
        const text = `${noise} ${address} ${noise}`;
        let until = 0;
        for (const { start, end } of findPii(text, allTypes)) {
          expect(start).toBeGreaterThanOrEqual(until);
          expect(end).toBeGreaterThan(start);
          until = end;
        }
        expect(until).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 500 },
    );
  });
});
