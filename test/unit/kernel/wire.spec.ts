import { day, instant } from '../../../src/kernel/wire.js';

describe('times on the wire', () => {
  it.each(['0000-01-01', '0001-01-01', '0999-12-31', '9999-01-01', '2026-02-30', '2026-13-01', '10000-01-01'])(
    'the day %s is refused',
    (text) => {
      expect(day.safeParse(text).success).toBe(false);
      expect(instant.safeDecode(`${text}T00:00:00Z`).success).toBe(false);
    },
  ); // prettier-ignore

  it.each(['1000-01-01', '2024-02-29', '2026-11-23', '9998-12-31'])(
    'the day %s is taken, and a month before and after it can be said too',
    (text) => {
      expect(day.parse(text)).toBe(text);
      const at = instant.decode(`${text}T23:59:59Z`);
      for (const days of [-31, 31]) {
        const other = new Date(at.getTime() + days * 86_400_000).toISOString();
        expect(other).toMatch(/^\d{4}-/);
        expect(new Date(other).getUTCFullYear()).toBeGreaterThan(0);
      }
    },
  );
});
