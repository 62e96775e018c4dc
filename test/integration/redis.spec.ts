import { setTimeout as wait } from 'node:timers/promises';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { newId } from '../../src/kernel/ids.js';
import { readConfig } from '../../src/platform/config/index.js';
import {
  type HotStore,
  openHotStore,
  RedisThrottlerStorage,
  type Signal,
} from '../../src/platform/redis/index.js';
import { createLogger } from '../../src/platform/telemetry/index.js';

const REDIS_URL = process.env['IRON_CAGE_TEST_REDIS_URL'];
const withRedis = REDIS_URL === undefined ? describe.skip : describe;
if (REDIS_URL === undefined)
  process.stdout.write('skipped: Redis tests, this machine has no redis-server\n');

const open = (): Promise<HotStore> =>
  openHotStore(readConfig(REDIS_URL === undefined ? {} : { REDIS_URL }), createLogger('silent'));

async function until(test: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !test(); i++) await wait(10);
  expect(test()).toBe(true);
}

withRedis('replicas that share Redis', () => {
  let one: HotStore;
  let two: HotStore;

  beforeAll(async () => {
    [one, two] = await Promise.all([open(), open()]);
  });
  afterAll(() => Promise.all([one.close(), two.close()]));

  it('hear each other, and themselves once', async () => {
    const heard: Record<'one' | 'two', Signal[]> = { one: [], two: [] };
    one.signals.subscribe((signal) => heard.one.push(signal));
    two.signals.subscribe((signal) => heard.two.push(signal));
    const signal: Signal = { organizationId: newId(), topic: 'projects' };
    // The subscription may still be on its way.
    for (let i = 0; i < 50 && heard.two.length === 0; i++) {
      one.signals.publish(signal);
      await wait(20);
    }
    expect(heard.two[0]).toEqual(signal);
    const before = heard.one.length;
    one.signals.publish(signal);
    await until(() => heard.one.length > before);
    await wait(50);
    expect(heard.one).toHaveLength(before + 1);
  });

  it('ignore what they do not understand', async () => {
    const heard: Signal[] = [];
    const stop = two.signals.subscribe((signal) => heard.push(signal));
    await one.redis?.publish('ic:signals', 'x|y|not-a-topic');
    await one.redis?.publish('ic:signals', 'nonsense');
    await wait(50);
    stop();
    expect(heard).toEqual([]);
  });
});

withRedis('counting attempts', () => {
  let hot: HotStore;
  beforeAll(async () => {
    hot = await open();
  });
  afterAll(() => hot.close());

  const storages = {
    'in memory': () => new ThrottlerStorageService(),
    'in Redis': () => new RedisThrottlerStorage(hot.redis!),
  };

  it.each(Object.entries(storages))(
    '%s allows what the limit says and then blocks',
    async (_name, make) => {
      const storage = make();
      const key = newId();
      const hits = [];
      for (let i = 0; i < 5; i++)
        hits.push(await storage.increment(key, 60_000, 3, 60_000, 'test'));
      expect(hits.map(({ isBlocked }) => isBlocked)).toEqual([false, false, false, true, true]);
      expect(hits[4]?.timeToBlockExpire).toBeGreaterThan(50);
      expect((await storage.increment(newId(), 60_000, 3, 60_000, 'test')).isBlocked).toBe(false);
    },
  );

  it.each(Object.entries(storages))('%s starts anew after the window', async (_name, make) => {
    const storage = make();
    const key = newId();
    for (let i = 0; i < 3; i++) await storage.increment(key, 200, 2, 200, 'test');
    await wait(450);
    expect((await storage.increment(key, 200, 2, 200, 'test')).isBlocked).toBe(false);
  });

  it('goes on in memory while Redis is away', async () => {
    const gone = await open();
    const storage = new RedisThrottlerStorage(gone.redis!);
    await gone.close();
    const key = newId();
    const hits = [];
    for (let i = 0; i < 4; i++) hits.push(await storage.increment(key, 60_000, 2, 60_000, 'test'));
    expect(hits.map(({ isBlocked }) => isBlocked)).toEqual([false, false, true, true]);
  });
});
