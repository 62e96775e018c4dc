import fc from 'fast-check';
import { isUuid, newId } from '../../../src/kernel/ids.js';

describe('ids', () => {
  it('are UUIDs of version 7 that carry their time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
        const id = newId(ms);
        return (
          isUuid(id) && id[14] === '7' && parseInt(id.replace('-', '').slice(0, 12), 16) === ms
        );
      }),
    );
  });

  it('sort by time', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(fc.property(time, time, (a, b) => a >= b || newId(a) < newId(b)));
  });

  it('do not repeat within a millisecond', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => newId(1_700_000_000_000)));
    expect(ids.size).toBe(10_000);
  });

  it('are accepted in lower case and with their dashes only', () => {
    const id = newId();
    expect(isUuid(id)).toBe(true);
    for (const wrong of [
      id.toUpperCase(),
      id.replaceAll('-', ''),
      ` ${id}`,
      `${id}\n`,
      `{${id}}`,
    ]) {
      expect(isUuid(wrong)).toBe(wrong === id);
    }
  });
});
