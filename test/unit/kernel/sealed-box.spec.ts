import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import {
  deriveKey,
  KEY_BYTES,
  open,
  seal,
  SealBrokenError,
} from '../../../src/kernel/sealed-box.js';

const key = randomBytes(KEY_BYTES);
const context = ['secret', 'organization-1', 'v1'];
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

describe('sealed bytes', () => {
  it('open with their key and context', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }), (plain, parts) =>
        open(key, seal(key, plain, parts), parts).equals(plain),
      ),
    );
  });

  it('are never the same twice', () => {
    const plain = Buffer.from('the same');
    const blobs = new Set(
      Array.from({ length: 1_000 }, () => seal(key, plain, context).toString('hex')),
    );
    expect(blobs.size).toBe(1_000);
  });

  it('do not open when any single bit is flipped', () => {
    const blob = seal(key, Buffer.from('sk-live-canary'), context);
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const broken = Buffer.from(blob);
      broken.writeUInt8(broken.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => open(key, broken, context)).toThrow(SealBrokenError);
    }
  });

  it('do not open when they are cut or lengthened; a short tag is no tag', () => {
    const blob = seal(key, Buffer.from('sk-live-canary'), context);
    for (let length = 0; length < blob.length; length++) {
      expect(() => open(key, blob.subarray(0, length), context)).toThrow(SealBrokenError);
    }
    expect(() => open(key, Buffer.concat([blob, Buffer.of(0)]), context)).toThrow(SealBrokenError);
  });

  it('do not open in another place, nor with parts moved across a border', () => {
    const blob = seal(key, Buffer.from('x'), ['ab', 'c']);
    for (const other of [
      ['a', 'bc'],
      ['abc'],
      ['ab', 'c', ''],
      ['', 'ab', 'c'],
      ['c', 'ab'],
      ['ab'],
      [],
    ]) {
      expect(() => open(key, blob, other)).toThrow(SealBrokenError);
    }
  });

  it('do not open with another key', () => {
    const blob = seal(key, Buffer.from('x'), context);
    expect(() => open(randomBytes(KEY_BYTES), blob, context)).toThrow(SealBrokenError);
    expect(() => open(deriveKey(key, 'other'), blob, context)).toThrow(SealBrokenError);
  });

  it('use a different key for each purpose, and the same one each time', () => {
    expect(deriveKey(key, 'a').equals(deriveKey(key, 'a'))).toBe(true);
    expect(deriveKey(key, 'a').equals(deriveKey(key, 'b'))).toBe(false);
    expect(deriveKey(key, 'a')).toHaveLength(KEY_BYTES);
  });
});
