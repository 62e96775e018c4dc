import fc from 'fast-check';
import {
  type Calendar,
  nextReset,
  type Window,
  windowStart,
} from '../../../src/billing/domain/windows.js';

const at = (text: string): Date => new Date(text);
const calendar = (timeZone: string, monthStartsOn = 1): Calendar => ({ timeZone, monthStartsOn });

describe('budget windows', () => {
  it.each<[Window, string, string, string, string | null]>([
    ['day', '2026-03-28T23:30:00Z', 'Europe/Berlin', '2026-03-29', '2026-03-29T22:00:00.000Z'],
    ['day', '2026-10-24T22:30:00Z', 'Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00.000Z'],
    ['day', '2026-06-01T03:59:00Z', 'America/New_York', '2026-05-31', '2026-06-01T04:00:00.000Z'],
    ['day', '2026-06-01T12:00:00Z', 'Pacific/Kiritimati', '2026-06-02', '2026-06-02T10:00:00.000Z'],
    ['day', '2026-06-01T00:00:00Z', 'Asia/Kathmandu', '2026-06-01', '2026-06-01T18:15:00.000Z'],
    ['week', '2026-11-22T23:00:00Z', 'UTC', '2026-11-16', '2026-11-23T00:00:00.000Z'],
    ['week', '2026-11-23T00:00:00Z', 'UTC', '2026-11-23', '2026-11-30T00:00:00.000Z'],
    ['week', '2026-01-01T00:00:00Z', 'UTC', '2025-12-29', '2026-01-05T00:00:00.000Z'],
    ['month', '2028-02-29T12:00:00Z', 'UTC', '2028-02-01', '2028-03-01T00:00:00.000Z'],
    ['month', '2026-12-31T23:30:00Z', 'Europe/Berlin', '2027-01-01', '2027-01-31T23:00:00.000Z'],
    ['total', '2026-06-01T00:00:00Z', 'UTC', '0001-01-01', null],
  ])('%s at %s in %s starts on %s and resets at %s', (window, now, timeZone, start, reset) => {
    expect(windowStart(window, at(now), calendar(timeZone))).toBe(start);
    expect(nextReset(window, at(now), calendar(timeZone))?.toISOString() ?? null).toBe(reset);
  });

  it.each([
    ['2026-02-27T12:00:00Z', 28, '2026-01-28', '2026-02-28T00:00:00.000Z'],
    ['2026-02-28T12:00:00Z', 28, '2026-02-28', '2026-03-28T00:00:00.000Z'],
    ['2026-01-14T12:00:00Z', 15, '2025-12-15', '2026-01-15T00:00:00.000Z'],
    ['2026-12-15T00:00:00Z', 15, '2026-12-15', '2027-01-15T00:00:00.000Z'],
  ])('a fiscal month at %s that starts on day %i began on %s', (now, startsOn, start, reset) => {
    expect(windowStart('month', at(now), calendar('UTC', startsOn))).toBe(start);
    expect(nextReset('month', at(now), calendar('UTC', startsOn))?.toISOString()).toBe(reset);
  });

  it('a day has 23 hours when clocks go forward and 25 when they go back', () => {
    const hours = (day: string): number => {
      const start = nextReset('day', at(`${day}T00:00:00Z`), calendar('Europe/Berlin'));
      const end = nextReset('day', start ?? new Date(NaN), calendar('Europe/Berlin'));
      return (Number(end) - Number(start)) / 3_600_000;
    };
    expect([hours('2026-03-28'), hours('2026-10-24'), hours('2026-06-01')]).toEqual([23, 25, 24]);
  });

  it('finds the first instant of a day that has no midnight', () => {
    // In 2018 the clocks of São Paulo went from 00:00 to 01:00 on 4 November.
    const reset = nextReset('day', at('2018-11-03T12:00:00Z'), calendar('America/Sao_Paulo'));
    expect(reset?.toISOString()).toBe('2018-11-04T03:00:00.000Z');
  });

  it('changes exactly at the reset, never before, for any time, zone and window', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'Africa/Casablanca',
    ];
    fc.assert(
      fc.property(
        fc.date({
          min: at('2020-01-01T00:00:00Z'),
          max: at('2035-01-01T00:00:00Z'),
          noInvalidDate: true,
        }),
        fc.constantFrom(...zones),
        fc.constantFrom<Window>('day', 'week', 'month'),
        fc.integer({ min: 1, max: 28 }),
        (now, zone, window, startsOn) => {
          const where = calendar(zone, startsOn);
          const reset = nextReset(window, now, where);
          if (!reset) throw new Error('no reset');
          expect(reset.getTime()).toBeGreaterThan(now.getTime());
          const start = windowStart(window, now, where);
          expect(windowStart(window, new Date(reset.getTime() - 1), where)).toBe(start);
          expect(windowStart(window, reset, where) > start).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
