import fc from 'fast-check';
import { readConfig } from '../../../src/platform/config/index.js';
import { RateLimits } from '../../../src/platform/limits/index.js';

describe('token buckets in memory', () => {
  let nowMs: number;
  let limits: RateLimits;
  beforeEach(() => {
    nowMs = 1_000;
    limits = new RateLimits(undefined, { now: () => nowMs });
  });
  const rule = { perSecond: 2, burst: 4 };
  const take = (count: number, name = 'a') =>
    Array.from({ length: count }, () => limits.take(name, rule).allowed);

  it('let a burst through and then what flows in', () => {
    expect(take(5)).toEqual([true, true, true, true, false]);
    nowMs += 500;
    expect(take(2)).toEqual([true, false]);
    nowMs += 60_000;
    expect(take(5)).toEqual([true, true, true, true, false]);
  });

  it('say how many are left and how long to wait', () => {
    expect(limits.take('a', rule)).toMatchObject({ allowed: true, remaining: 3 });
    take(3);
    const slow = { perSecond: 0.1, burst: 1 };
    limits.take('b', slow);
    expect(limits.take('a', rule)).toEqual({
      allowed: false,
      remaining: 0,
      retryAfterSeconds: 1,
    });
    expect(limits.take('b', slow)).toMatchObject({ allowed: false, retryAfterSeconds: 10 });
  });

  it('keep callers apart, and take nothing when only looked at', () => {
    take(4, 'a');
    expect(take(1, 'b')).toEqual([true]);
    for (let i = 0; i < 10; i++) limits.look('b', rule);
    expect(take(4, 'b')).toEqual([true, true, true, false]);
  });

  it('do not fill when a clock goes back', () => {
    take(4);
    nowMs -= 10_000;
    expect(take(1)).toEqual([false]);
  });

  it('never let more through than the burst and the flow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (pauses, perSecond, burst) => {
          let time = 0;
          const bucket = new RateLimits(undefined, { now: () => time });
          let allowed = 0;
          for (const pauseMs of pauses) {
            time += pauseMs;
            if (bucket.take('x', { perSecond, burst }).allowed) allowed++;
          }
          expect(allowed).toBeLessThanOrEqual(burst + (time * perSecond) / 1_000 + 1e-6);
        },
      ),
    );
  });

  it('forget full ones before those in use when there are too many', () => {
    take(4, 'busy');
    for (let i = 0; i < 25_000; i++) {
      limits.look(`idle ${i}`, rule);
    }
    expect(take(1, 'busy')).toEqual([false]);
  });
});

describe('the settings of limits and proxies', () => {
  it('are read from the environment, and keep their defaults otherwise', () => {
    expect(readConfig({ IRON_CAGE_RATE_LIMITS: 'key=10, ip=0.5' }).rateLimits).toMatchObject({
      key: 10,
      ip: 0.5,
      global: 20_000,
    });
    expect(
      readConfig({ IRON_CAGE_TRUSTED_PROXIES: '10.0.0.5, fd00::/8,loopback' }).trustedProxies,
    ).toEqual(['10.0.0.5', 'fd00::/8', 'loopback']);
  });

  it.each([
    { IRON_CAGE_RATE_LIMITS: 'keys=10' },
    { IRON_CAGE_RATE_LIMITS: 'key=0' },
    { IRON_CAGE_RATE_LIMITS: 'key=-1' },
    { IRON_CAGE_RATE_LIMITS: '10' },
    { IRON_CAGE_TRUSTED_PROXIES: 'proxy.internal' },
    { IRON_CAGE_TRUSTED_PROXIES: '0.0.0.0/0' },
    { IRON_CAGE_TRUSTED_PROXIES: '::/0' },
    { IRON_CAGE_TRUSTED_PROXIES: 'true' },
  ])('are refused at start when they make no sense: %j', (source) => {
    expect(() => readConfig(source)).toThrow(/The configuration is not valid: IRON_CAGE_/);
  });
});
