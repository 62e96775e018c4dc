import { averageRate, fasterRate, perHour, recentRate, runOutAt } from './burn-rate';

const MINUTE = 60_000;
const DAY = 86_400_000;
const minutes = (...costs: bigint[]) => costs.map((cost) => ({ cost }));

describe('burn rate', () => {
  it('counts the recent rate from the first minute with spending', () => {
    const quiet = Array.from({ length: 17 }, () => 0n);
    const rate = recentRate(minutes(0n, 0n, 30n, ...quiet, 30n));
    expect(rate).toEqual({ amount: 60n, perMs: 19 * MINUTE, basis: 'the last 19 minutes' });
    expect(rate && perHour(rate)).toBe(189n);
  });

  it('does not take one minute for a trend', () => {
    expect(recentRate(minutes(0n, 10n))?.perMs).toBe(10 * MINUTE);
  });

  it('has no rate where nothing was spent', () => {
    expect(recentRate(minutes(0n, 0n))).toBeUndefined();
    expect(
      averageRate({ spent: 0n, windowStartMs: 0, createdAtMs: 0, nowMs: DAY }),
    ).toBeUndefined();
  });

  it('does not dilute the average of a young project', () => {
    const nowMs = 20 * DAY;
    const young = averageRate({
      spent: 100n,
      windowStartMs: 6 * DAY,
      createdAtMs: 19 * DAY,
      nowMs,
    });
    expect(young).toEqual({ amount: 100n, perMs: DAY, basis: 'the last 1 day' });
    const old = averageRate({ spent: 100n, windowStartMs: 6 * DAY, createdAtMs: 0, nowMs });
    expect(old?.perMs).toBe(14 * DAY);
  });

  it('does not take one call in a new project for a trend', () => {
    const nowMs = DAY;
    const rate = averageRate({ spent: 100n, windowStartMs: 0, createdAtMs: nowMs - 1000, nowMs });
    expect(rate?.perMs).toBe(10 * MINUTE);
  });

  it('takes the faster of two rates', () => {
    const slow = { amount: 100n, perMs: DAY, basis: 'slow' };
    const fast = { amount: 1n, perMs: MINUTE, basis: 'fast' };
    expect(fasterRate(slow, fast)).toBe(fast);
    expect(fasterRate(undefined, slow)).toBe(slow);
    expect(fasterRate(undefined, undefined)).toBeUndefined();
  });

  it('says when the money runs out', () => {
    const rate = { amount: 2n, perMs: MINUTE, basis: '' };
    expect(runOutAt(10n, rate, 1000)).toBe(1000 + 5 * MINUTE);
    expect(runOutAt(0n, rate, 1000)).toBe(1000);
    expect(runOutAt(-5n, undefined, 1000)).toBe(1000);
    expect(runOutAt(10n, undefined, 1000)).toBeUndefined();
  });
});
