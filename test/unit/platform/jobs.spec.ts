import { setTimeout as wait } from 'node:timers/promises';
import { eachInTurn, Jobs } from '../../../src/platform/jobs/index.js';
import { createLogger, Metrics } from '../../../src/platform/telemetry/index.js';

const PAUSE_MS = 1;

describe('background jobs', () => {
  let metrics: Metrics;
  let jobs: Jobs;
  beforeEach(() => {
    metrics = new Metrics();
    jobs = new Jobs(createLogger('silent'), metrics);
  });
  afterEach(() => jobs.beforeApplicationShutdown());

  /** Resolves in the n-th round. */
  function rounds(count: number, work: () => Promise<unknown> = () => Promise.resolve()) {
    return new Promise<void>((resolve) => {
      let round = 0;
      jobs.every(PAUSE_MS, 'test', async () => {
        if (++round === count) resolve();
        await work();
      });
    });
  }

  it('do not begin before the server is up', async () => {
    let isUp = false;
    const begun = rounds(1).then(() => isUp);
    await wait(20 * PAUSE_MS);
    isUp = true;
    jobs.onApplicationBootstrap();
    expect(await begun).toBe(true);
  });

  it('run one round at a time, however long it takes', async () => {
    let running = 0;
    let most = 0;
    const third = rounds(3, async () => {
      most = Math.max(most, ++running);
      await wait(10 * PAUSE_MS);
      running--;
    });
    jobs.onApplicationBootstrap();
    await third;
    expect(most).toBe(1);
  });

  it('come again after a failure, which is counted', async () => {
    const third = rounds(3, () => Promise.reject(new Error('no database')));
    expect(await metrics.print()).toContain('iron_cage_job_failures_total{job="test"} 0');
    jobs.onApplicationBootstrap();
    await third;
    await jobs.beforeApplicationShutdown();
    expect(await metrics.print()).toContain('iron_cage_job_failures_total{job="test"} 3');
  });

  it('end with the server: what runs may end, and nothing new begins', async () => {
    let began = 0;
    let ended = 0;
    const first = rounds(1, async () => {
      began++;
      await wait(20 * PAUSE_MS);
      ended++;
    });
    jobs.onApplicationBootstrap();
    await first;
    await jobs.beforeApplicationShutdown();
    expect(ended).toBe(1);
    await wait(20 * PAUSE_MS);
    expect(began).toBe(1);
  });
});

describe('work for one after the other', () => {
  it('gives all their turn when one fails, and then says so', async () => {
    const done: number[] = [];
    const work = eachInTurn([1, 2, 3, 4], async (item) => {
      await Promise.resolve();
      if (item % 2 === 0) throw new Error(`no ${item}`);
      done.push(item);
    });
    await expect(work).rejects.toThrow('no 2');
    expect(done).toEqual([1, 3]);
  });
});
