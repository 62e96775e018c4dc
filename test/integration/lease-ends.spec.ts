import { LeaseSweeper } from '../../src/billing/leases/sweeper.js';
import { newId } from '../../src/kernel/ids.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';

describe('leases whose time has come', () => {
  let site: LedgerSite;
  let sweeper: LeaseSweeper;
  beforeAll(async () => {
    site = await LedgerSite.open();
    sweeper = new LeaseSweeper(site.unitOfWork, site.ledger, idleJobs());
  });
  afterAll(() => site.close());

  const lend = async (holder: Holder, amount: bigint): Promise<void> => {
    await site.ledger.execute(site.organizationId, {
      kind: 'transfer',
      direction: 'deposit',
      projectId: holder.projectId,
      requestId: newId(),
      requestHash: Buffer.alloc(1),
      amount: 10n * amount,
      actor: 'test',
      reason: null,
    });
    await site.ledger.execute(site.organizationId, {
      kind: 'acquire',
      ...holder,
      leaseId: newId(),
      wanted: amount,
      minimum: amount,
      requestHash: Buffer.alloc(1),
    });
  };
  const told = (of: string, budgetId: string): Promise<{ threshold: number }[]> =>
    site.dataSource.query(
      `SELECT (payload->>'threshold')::int AS threshold FROM outbox_events
       WHERE payload->>'of' = $1 AND payload->>'budgetId' = $2 ORDER BY 1`,
      [of, budgetId],
    );

  it.each(['key', 'member', 'project'] as const)(
    'what is charged at their end reaches the thresholds of a budget of the %s, once',
    async (scope) => {
      const holder = await site.project({ expiry: 'charge' });
      const scopeId = { key: holder.keyId, member: holder.memberId, project: holder.projectId };
      const budgetId = await site.budget({
        scope,
        scopeId: scopeId[scope],
        window: 'day',
        limit: 1_000n,
      });
      await lend(holder, 800n);
      expect(await told('committed', budgetId)).toEqual([{ threshold: 50 }, { threshold: 75 }]);
      expect(await told('spent', budgetId)).toEqual([]);
      await site.age(holder.projectId, 100_000);
      await sweeper.sweep();
      await site.age(holder.projectId, 100_000);
      await sweeper.sweep();
      expect(await told('spent', budgetId)).toEqual([{ threshold: 50 }, { threshold: 75 }]);
      expect(await told('committed', budgetId)).toHaveLength(2);
      expect((await site.check.run(site.organizationId)).findings).toEqual([]);
    },
  );
});
