import { setTimeout as wait } from 'node:timers/promises';
import { newId } from '../../src/kernel/ids.js';
import { readConfig } from '../../src/platform/config/index.js';
import { RateLimits } from '../../src/platform/limits/index.js';
import { type HotStore, openHotStore } from '../../src/platform/redis/index.js';
import { createLogger } from '../../src/platform/telemetry/index.js';

const REDIS_URL = process.env['IRON_CAGE_TEST_REDIS_URL'];
const withRedis = REDIS_URL === undefined ? describe.skip : describe;

withRedis('token buckets that replicas share', () => {
  let hot: HotStore;
  beforeAll(async () => {
    hot = await openHotStore(
      readConfig(REDIS_URL === undefined ? {} : { REDIS_URL }),
      createLogger('silent'),
    );
  });
  afterAll(() => hot.close());

  /** Slow enough that nothing flows in while the test runs. */
  const rule = { perSecond: 0.001, burst: 10 };
  const replica = () => new RateLimits(hot.redis);
  const takeAll = (limits: RateLimits, name: string, most = 20) => {
    let count = 0;
    while (count < most && limits.take(name, rule).allowed) count++;
    return count;
  };

  it('give out together what one would give out alone', async () => {
    const [one, two] = [replica(), replica()];
    const name = newId();
    for (let i = 0; i < 6; i++) expect(one.take(name, rule).allowed).toBe(true);
    await one.settle();
    expect(two.take(name, rule).allowed).toBe(true);
    await two.settle();
    expect(takeAll(two, name)).toBe(3);
    await two.settle();
    await one.settle();
    one.take(name, rule);
    await one.settle();
    expect(takeAll(one, name)).toBe(0);
  });

  it('settle by themselves', async () => {
    const [one, two] = [replica(), replica()];
    const name = newId();
    expect(takeAll(one, name)).toBe(10);
    await wait(150);
    two.take(name, rule);
    await wait(150);
    expect(takeAll(two, name)).toBe(0);
  });

  it('flow as in memory', async () => {
    const limits = replica();
    const name = newId();
    const fast = { perSecond: 20, burst: 2 };
    while (limits.take(name, fast).allowed);
    await limits.settle();
    await wait(120);
    expect(limits.take(name, fast).allowed).toBe(true);
    await limits.settle();
    expect(limits.look(name, fast).remaining).toBeLessThanOrEqual(2);
  });

  it('take no harm from what somebody writes into Redis', async () => {
    for (const forged of [{ tokens: '1e300' }, { tokens: 'x', at: 'y' }, { tokens: 'inf' }]) {
      const limits = replica();
      const name = newId();
      await hot.redis!.hset(`ic:bucket:{${name}}`, forged);
      limits.take(name, rule);
      await limits.settle();
      expect(takeAll(limits, name)).toBeLessThanOrEqual(10);
    }
    const name = newId();
    await hot.redis!.set(`ic:bucket:{${name}}`, 'not a hash');
    const limits = replica();
    limits.take(name, rule);
    await limits.settle();
    expect(takeAll(limits, name)).toBe(9);
  });

  it('go on in each replica while Redis is away', async () => {
    const gone = await openHotStore(
      readConfig(REDIS_URL === undefined ? {} : { REDIS_URL }),
      createLogger('silent'),
    );
    const limits = new RateLimits(gone.redis);
    await gone.close();
    const name = newId();
    expect(takeAll(limits, name)).toBe(10);
    await limits.settle();
    expect(takeAll(limits, name)).toBe(0);
  });
});
