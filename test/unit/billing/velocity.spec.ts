import fc from 'fast-check';
import {
  countLeased,
  countReturned,
  leasedPerMinute,
  type Pace,
} from '../../../src/billing/domain/velocity.js';

const at = (seconds: number): Date => new Date(1_800_000_000_000 + seconds * 1_000); // starts on a minute
const fresh = (): Pace => ({ minuteStart: null, thisMinute: 0n, lastMinute: 0n });

describe('what was leased in the last minute', () => {
  it('is all of this minute, and the share of the last one that is still within sixty seconds', () => {
    const pace = fresh();
    countLeased(pace, 600n, at(30));
    expect(leasedPerMinute(pace, at(59))).toBe(600n);
    expect(leasedPerMinute(pace, at(60))).toBe(600n);
    expect(leasedPerMinute(pace, at(75))).toBe(450n);
    expect(leasedPerMinute(pace, at(119))).toBe(10n);
    expect(leasedPerMinute(pace, at(120))).toBe(0n);
  });

  it('is rounded up', () => {
    const pace = fresh();
    countLeased(pace, 1n, at(0));
    expect(leasedPerMinute(pace, at(119))).toBe(1n);
  });

  it('is less what came back, and never below nothing', () => {
    const pace = fresh();
    countLeased(pace, 100n, at(0));
    countReturned(pace, 60n, at(1));
    expect(leasedPerMinute(pace, at(2))).toBe(40n);
    countReturned(pace, 60n, at(3));
    expect(leasedPerMinute(pace, at(4))).toBe(0n);
  });

  it('is over after two minutes, also when the clock was set back meanwhile', () => {
    const pace = fresh();
    countLeased(pace, 600n, at(3_600));
    expect(leasedPerMinute(pace, at(0))).toBe(600n);
    countLeased(pace, 100n, at(10));
    expect(leasedPerMinute(pace, at(90))).toBe(350n);
    expect(leasedPerMinute(pace, at(120))).toBe(0n);
  });

  it('is never less than what was leased in this minute, and never more than in this and the last one', () => {
    const lease = fc.record({
      afterMs: fc.integer({ min: 0, max: 90_000 }),
      amount: fc.bigInt({ min: 1n, max: 10n ** 18n }),
    });
    fc.assert(
      fc.property(fc.array(lease, { minLength: 1, maxLength: 30 }), (leases) => {
        const pace = fresh();
        let now = 0;
        const booked: { atMs: number; amount: bigint }[] = [];
        for (const { afterMs, amount } of leases) {
          now += afterMs;
          countLeased(pace, amount, at(now / 1_000));
          booked.push({ atMs: now, amount });
        }
        const since = (minutes: number): bigint =>
          booked
            .filter(({ atMs }) => atMs >= (Math.floor(now / 60_000) - minutes) * 60_000)
            .reduce((sum, { amount }) => sum + amount, 0n);
        const measured = leasedPerMinute(pace, at(now / 1_000));
        expect(measured >= since(0) && measured <= since(1)).toBe(true);
      }),
    );
  });
});
