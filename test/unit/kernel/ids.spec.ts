import { isUuid, leastIdAt, newId } from '../../../src/kernel/ids.js';

const timeOf = (id: string) => parseInt(id.replace('-', '').slice(0, 12), 16);

describe('ids', () => {
  it('are UUIDs of version 7 that carry their time', () => {
    const id = newId(1_700_000_000_000);
    expect(isUuid(id)).toBe(true);
    expect(id[14]).toBe('7');
    expect(timeOf(id)).toBe(1_700_000_000_000);
  });

  it('sort in the order in which they were made, within a millisecond and when the clock steps back', () => {
    const times = [1_700_000_001_000, 1_700_000_001_000, 1_700_000_000_500, 1_700_000_001_001];
    const ids = times.map((time) => newId(time));
    for (let i = 0; i < 10_000; i++) ids.push(newId(1_700_000_001_001));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(isUuid)).toBe(true);
  });

  it('are bounded by a time, and any time gives a bound', () => {
    const ms = 1_700_000_002_000;
    expect(leastIdAt(ms) <= newId(ms)).toBe(true);
    expect(leastIdAt(ms + 1) > newId(ms)).toBe(true);
    for (const odd of [-1, 0, 0.5, 253_402_300_799_999, Number.MAX_SAFE_INTEGER])
      expect(isUuid(leastIdAt(odd))).toBe(true);
    expect(leastIdAt(-1)).toBe(leastIdAt(0));
  });

  it('are not guessed from the one before', () => {
    const random = Array.from({ length: 1_000 }, () => newId().slice(20));
    expect(new Set(random).size).toBe(1_000);
  });

  it('are accepted in lower case and with their dashes only', () => {
    const id = newId();
    const upper = id.replace(/[0-9a-f]$/, 'F');
    for (const wrong of [
      upper,
      id.replaceAll('-', ''),
      ` ${id}`,
      `${id}\n`,
      `{${id}}`,
      id.slice(1),
    ]) {
      expect(isUuid(wrong)).toBe(false);
    }
  });
});
