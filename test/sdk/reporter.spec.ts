import type { Clock } from '../../sdk/src/identity/clock.js';
import { Lease } from '../../sdk/src/leases/lease.js';
import { Reporter, type ReportResult } from '../../sdk/src/leases/reporter.js';
import type { WireSettled } from '../../sdk/src/wire/protocol.js';
import { UnreachableError } from '../../sdk/src/wire/unreachable.js';

/** One report on its way: the test decides how it ends. */
interface Delivery {
  answer(settled: WireSettled): void;
  lose(): void;
}

function setUp() {
  const deliveries: Delivery[] = [];
  const timers = new Set<() => void>();
  const late: ReportResult[] = [];
  const clock: Clock = {
    monotonicMs: () => 0,
    wallMs: () => 0,
    schedule(_delayMs, task) {
      timers.add(task);
      return () => timers.delete(task);
    },
  };
  const reporter = new Reporter({
    server: {
      acquire: () => Promise.reject(new Error('not asked for here')),
      settle: () =>
        new Promise((resolve, reject) => {
          deliveries.push({
            answer: resolve,
            lose: () => {
              reject(new UnreachableError('lost', true));
            },
          });
        }),
    },
    clock,
    journal: undefined,
    emit: () => undefined,
    onRefusal: () => undefined,
    onLateAnswer: (_lease, result) => {
      late.push(result);
    },
  });
  const terms = { sessionId: 's', amountNano: 10n, sentAtMs: 0, ttlSeconds: 60 };
  const lease = new Lease({ id: 'lease-1', ...terms });
  const fireTimers = (): void => {
    for (const task of [...timers]) {
      timers.delete(task);
      task();
    }
  };
  return { reporter, lease, deliveries, late, fireTimers };
}

const settled: WireSettled = {
  next: { granted: true, leaseId: 'lease-2', amount: '0.000000010', ttlSeconds: 60 },
} as WireSettled;
const next = { leaseId: 'lease-2', wanted: '0.000000010', minimum: '0.000000001' };

describe('a report whose answer was lost', () => {
  it('is handed out once when its timer fires while somebody else repeats it', async () => {
    const { reporter, lease, deliveries, late, fireTimers } = setUp();
    const first = reporter.report(lease, true, next);
    deliveries[0]?.lose();
    expect(await first).toEqual({ kind: 'in-doubt' });
    reporter.retryLater(lease);
    const second = reporter.report(lease, false);
    fireTimers();
    expect(deliveries).toHaveLength(2);
    deliveries[1]?.answer(settled);
    expect(await second).toMatchObject({ kind: 'answered', next: settled.next });
    await new Promise((resolve) => setImmediate(resolve));
    expect(late).toEqual([]); // whoever asked has the next lease: a second one would be the same money
  });

  it('is repeated by its timer when nobody else does', async () => {
    const { reporter, lease, deliveries, late, fireTimers } = setUp();
    const first = reporter.report(lease, true, next);
    deliveries[0]?.lose();
    await first;
    reporter.retryLater(lease);
    fireTimers();
    deliveries[1]?.answer(settled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(late).toMatchObject([{ kind: 'answered', next: settled.next }]);
  });
});
