import { LedgerAuditJob } from '../../src/billing/accounts/ledger-audit.job.js';
import { newId } from '../../src/kernel/ids.js';
import { createLogger, Metrics } from '../../src/platform/telemetry/index.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';

describe('the hourly audit of the ledger', () => {
  let site: LedgerSite;
  let holder: Holder;
  let metrics: Metrics;
  let job: LedgerAuditJob;

  beforeEach(async () => {
    site = await LedgerSite.open();
    holder = await site.project();
    metrics = new Metrics();
    job = new LedgerAuditJob(site.unitOfWork, site.check, metrics, createLogger('silent'));
    await site.ledger.execute(site.organizationId, {
      kind: 'transfer',
      direction: 'deposit',
      projectId: holder.projectId,
      requestId: newId(),
      requestHash: Buffer.alloc(1),
      amount: 1_000_000_000n,
      actor: 'test',
      reason: null,
    });
    await site.ledger.execute(site.organizationId, {
      kind: 'acquire',
      ...holder,
      leaseId: newId(),
      wanted: 400_000_000n,
      minimum: 0n,
      requestHash: Buffer.alloc(1),
    });
  });
  afterEach(() => site.close());

  it('checks each organization once an hour, whoever of the replicas comes first', async () => {
    const other = new LedgerAuditJob(
      site.unitOfWork,
      site.check,
      new Metrics(),
      createLogger('silent'),
    );
    const checked = await Promise.all([job.runDue(), other.runDue()]);
    expect(checked.reduce((a, b) => a + b)).toBe(1);
    expect(await job.runDue()).toBe(0);
    await site.dataSource.query(
      `UPDATE ledger_audits SET checked_at = checked_at - interval '61 minutes'`,
    );
    expect(await job.runDue()).toBe(1);
    expect(await metrics.print()).toContain('iron_cage_ledger_checks_total{result="ok"}');
  });

  it.each([
    [
      'a balance',
      `UPDATE accounts SET settled_nano = 1, deposited_nano = deposited_nano + 1`,
      'figures equal the entries',
      'project',
    ],
    [
      'a lease',
      `UPDATE leases SET used_nano = used_nano + 1`,
      'used and late are the settlements of the lease',
      'lease',
    ],
    [
      'an entry',
      `DELETE FROM ledger_entries WHERE kind = 'GRANT'`,
      'one grant and one end per lease',
      'lease',
    ],
    ['a transfer', `DELETE FROM audit_events`, 'every transfer is audited once', 'transfer'],
  ])(
    'names the row when somebody changed %s behind its back',
    async (_what, sql, invariant, subject) => {
      await site.dataSource.query(sql);
      expect(await job.runDue()).toBe(1);
      const [audit] = await site.dataSource.query<
        { findings: number; report: { findings: { invariant: string; subject: string }[] } }[]
      >('SELECT findings, report FROM ledger_audits');
      expect(audit?.report.findings).toContainEqual(
        expect.objectContaining({
          invariant,
          subject: expect.stringMatching(new RegExp(`^${subject} [0-9a-f-]{36}`)),
        }),
      );
      expect(await site.dataSource.query(`SELECT kind FROM outbox_events`)).toEqual([
        { kind: 'ledger.broken' },
      ]);
      expect(await metrics.print()).toMatch(
        new RegExp(`iron_cage_ledger_findings\\{organization="${site.organizationId}"\\} [1-9]`),
      );
    },
  );
});
