import { BudgetExceededError, LeaseUnavailableError } from '../../sdk/src/errors/catalogue.js';
import { systemClock } from '../../sdk/src/identity/clock.js';
import { usageRecord } from '../../src/billing/agent-billing.contract.js';
import { refusal } from './fake-server.js';
import { chatRequest, nanoTotal, startRig, type Rig } from './rig.js';

const seed = Number(process.env['SDK_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Mulberry32. */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe(`with a server that loses and delays messages (SDK_TEST_SEED=${seed.toString()})`, () => {
  let rig: Rig;
  // Also after a failure: its timers and connections would keep the test's process alive.
  afterEach(() => rig.close());

  it.each([0, 1, 2, 3])('books every request exactly once, round %d', async (round) => {
    const random = generator(seed + round);
    const budgetNano = 4_000_000n;
    rig = await startRig({
      balanceUsd: 0.004,
      tranche: '0.000300000',
      reportIntervalSeconds: 0.05,
      heartbeatSeconds: 0.05,
      cage: { leaseWaitMs: 2_000, budgetWaitMs: 2_000 },
    });
    rig.server.intercept = (route) => {
      if (!route.startsWith('POST /v1/sdk/leases')) return undefined;
      const luck = random();
      if (luck < 0.1) return { status: 0, drop: 'before' };
      if (luck < 0.2) return { status: 0, drop: 'after' };
      if (luck < 0.23) return { status: 503, body: refusal('UNAVAILABLE') };
      // It had committed when it lost its database.
      if (luck < 0.25) return { status: 503, body: refusal('UNAVAILABLE'), drop: 'after' };
      return luck < 0.28 ? { status: 500, body: refusal('INTERNAL') } : undefined;
    };
    rig.provider.setScript(({ body }) => ({
      text: 'a few words of answer',
      outputTokens: 1 + Math.floor(random() * 90),
      ...(random() < 0.1 ? { status: 500 } : {}),
      ...(body['stream'] === true ? {} : { latencyMs: random() * 10 }),
    }));
    let calls = 0;
    const agent = async (): Promise<void> => {
      while (calls < 120) {
        calls += 1;
        try {
          const init = chatRequest(random() < 0.4 ? { stream: true } : {});
          const response = await rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, init);
          await response.text();
        } catch (error) {
          const isExpected =
            error instanceof BudgetExceededError || error instanceof LeaseUnavailableError;
          if (!isExpected) throw error;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const { totalNano } = rig.provider.bill();
        expect(totalNano).toBeLessThanOrEqual(budgetNano);
      }
    };
    await Promise.all(Array.from({ length: 6 }, agent));
    rig.server.intercept = () => undefined;
    await rig.cage.close();
    const { totalNano } = rig.provider.bill();
    expect(rig.provider.bill().records.length).toBeGreaterThan(20);
    expect(rig.server.problems).toEqual([]);
    expect(nanoTotal(rig.server.records)).toBe(totalNano);
    expect(rig.server.spentNano).toBe(totalNano);
    const ids = rig.server.records.map(({ id }) => String(id));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a clock that jumps', () => {
  it.each([
    ['ahead by a year', 366],
    ['back by a year', -366],
  ])('%s in the middle of a call changes neither leases nor bills', async (_, days) => {
    let aheadMs = 0;
    const wallMs = (): number => systemClock.wallMs() + aheadMs;
    const rig = await startRig({
      leaseTtlSeconds: 60,
      surroundings: { clock: { ...systemClock, wallMs } },
    });
    rig.provider.setScript(() => {
      aheadMs += days * 86_400_000;
      return { text: 'It rains.', latencyMs: 30 };
    });
    const call = (): Promise<Response> =>
      rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());
    await call();
    await call();
    expect(rig.server.count('POST /v1/sdk/leases')).toBe(1);
    await rig.close();
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    expect(rig.server.heldNano).toBe(0n);
    for (const record of rig.server.records) {
      expect(usageRecord.parse(record).durationMs).toBeLessThan(60_000);
    }
    expect(new Set(rig.server.records.map(({ id }) => String(id))).size).toBe(2);
    expect(rig.server.problems).toEqual([]);
  });
});
