import fc from 'fast-check';
import { generateKey, keyPrefix, parseKey } from '../../../src/kernel/iron-cage-key.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const environment = fc.constantFrom('dev' as const, 'live' as const);
const key = environment.map((name) => generateKey(name));

describe('Iron Cage keys', () => {
  it('say what they are, and are read back', () => {
    fc.assert(
      fc.property(environment, (name) => {
        const { id, key: text } = generateKey(name);
        expect(text).toMatch(/^ic_(dev|live)_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}$/);
        expect(text.startsWith(`${keyPrefix(name, id)}_`)).toBe(true);
        expect(parseKey(text)).toEqual({ environment: name, id });
      }),
    );
  });

  it('with any single character changed are refused', () => {
    const { key: text } = generateKey('live');
    for (let at = 0; at < text.length; at++) {
      for (const other of `${BASE62}_- `) {
        if (other === text[at]) continue;
        expect(parseKey(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it('with two neighbours swapped are refused', () => {
    fc.assert(
      fc.property(key, fc.nat(54), ({ key: text }, at) => {
        const swapped =
          text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
        return swapped === text || parseKey(swapped) === undefined;
      }),
    );
  });

  it('cut, lengthened or wrapped are refused', () => {
    const { key: text } = generateKey('dev');
    for (let length = 0; length < text.length; length++) {
      expect(parseKey(text.slice(0, length))).toBeUndefined();
    }
    for (const wrong of [`${text}0`, `${text}\n`, ` ${text}`, `"${text}"`, text.toUpperCase()]) {
      expect(parseKey(wrong)).toBeUndefined();
    }
  });

  it('of the other environment are not made by renaming', () => {
    const { key: text } = generateKey('dev');
    expect(parseKey(text.replace('ic_dev_', 'ic_live_'))).toBeUndefined();
  });

  it('use every character about equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 2_000; i++) {
      const secret = generateKey('dev').key.slice(16, 48);
      for (const character of secret) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (2_000 * 32) / 62;
    expect(counts.size).toBe(62);
    // Six standard deviations: a fair generator fails this once in ten million runs.
    const slack = 6 * Math.sqrt(expected);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(slack);
  });
});
