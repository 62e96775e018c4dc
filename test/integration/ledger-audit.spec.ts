import { LedgerCheck } from '../../src/billing/accounts/ledger-check.js';
import { LedgerAuditJob } from '../../src/billing/accounts/ledger-audit.job.js';
import { newId } from '../../src/kernel/ids.js';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { createLogger, Metrics } from '../../src/platform/telemetry/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
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
    job = new LedgerAuditJob(
      site.unitOfWork,
      site.check,
      metrics,
      idleJobs(),
      createLogger('silent'),
    );
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
      idleJobs(),
      createLogger('silent'),
    );
    const checked = await Promise.all([job.runDue(), other.runDue()]);
    expect(checked.reduce((a, b) => a + b)).toBe(1);
    expect(await job.runDue()).toBe(0);
    await site.dataSource.query(`UPDATE ledger_audits SET due_at = due_at - interval '61 minutes'`);
    expect(await job.runDue()).toBe(1);
    expect(await metrics.print()).toContain('iron_cage_ledger_checks_total{result="ok"}');
  });

  it('holds no lock while it looks, and is left to who began it', async () => {
    let begin = (): void => undefined;
    let end = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const ended = new Promise<void>((resolve) => (end = resolve));
    const slow = new (class extends LedgerCheck {
      override async run(organizationId: string) {
        begin();
        await ended;
        return super.run(organizationId);
      }
    })(site.unitOfWork);
    const long = new LedgerAuditJob(
      site.unitOfWork,
      slow,
      new Metrics(),
      idleJobs(),
      createLogger('silent'),
    );
    const running = long.runDue();
    await begun;
    await site.dataSource.query(`UPDATE organizations SET name = 'Renamed'`);
    expect(await job.runDue()).toBe(0);
    end();
    expect(await running).toBe(1);
    expect(await job.runDue()).toBe(0);
  });

  it('is no alarm on any server any more when another one found it mended', async () => {
    const otherMetrics = new Metrics();
    const other = new LedgerAuditJob(
      site.unitOfWork,
      site.check,
      otherMetrics,
      idleJobs(),
      createLogger('silent'),
    );
    const change = (by: number): Promise<unknown> =>
      site.dataSource.query(`UPDATE accounts SET deposited_nano = deposited_nano + ${by}`);
    const figure = async (of: Metrics): Promise<string> =>
      /^iron_cage_ledger_findings\{.*\} (\d+)$/m.exec(await of.print())?.[1] ?? 'none';
    await change(1);
    await job.runDue();
    await other.runDue();
    expect(await Promise.all([figure(metrics), figure(otherMetrics)])).not.toContain('0');
    await change(-1);
    await site.dataSource.query(`UPDATE ledger_audits SET due_at = now() - interval '1 second'`);
    expect(await other.runDue()).toBe(1);
    await job.runDue();
    expect(await Promise.all([figure(metrics), figure(otherMetrics)])).toEqual(['0', '0']);
  });

  it('is taken up by another one when whoever began it was lost', async () => {
    const lost = new (class extends LedgerCheck {
      override run(): Promise<never> {
        return Promise.reject(new Error('the server is gone'));
      }
    })(site.unitOfWork);
    const first = new LedgerAuditJob(
      site.unitOfWork,
      lost,
      new Metrics(),
      idleJobs(),
      createLogger('silent'),
    );
    await expect(first.runDue()).rejects.toThrow('the server is gone');
    const later = (time: string): Promise<unknown> =>
      site.dataSource.query(`UPDATE ledger_audits SET due_at = due_at - $1::interval`, [time]);
    await later('29 minutes');
    expect(await job.runDue()).toBe(0);
    await later('1 minute');
    expect(await job.runDue()).toBe(1);
  });

  it('leaves connections to those who move money, however many organizations are checked', async () => {
    let [running, most] = [0, 0];
    const counting = new (class extends UnitOfWork {
      override async survey<T>(...look: Parameters<UnitOfWork['survey']>): Promise<T> {
        most = Math.max(most, ++running);
        try {
          return (await super.survey(...look)) as T;
        } finally {
          running--;
        }
      }
    })(site.dataSource);
    const check = new LedgerCheck(counting);
    const many = Array.from({ length: 30 }, () => check.run(newId()));
    const mine = check.run(site.organizationId);
    await expect(Promise.all(many)).resolves.toHaveLength(30);
    expect(await mine).toMatchObject({ ok: true, checkedAccounts: 1 });
    expect(most).toBe(4);
    // The places are free again, also after one that failed.
    await expect(check.run('not an id')).rejects.toThrow();
    most = 0;
    await Promise.all(Array.from({ length: 9 }, () => check.run(newId())));
    expect(most).toBe(4);
  });

  it('is shared by all who ask while one runs, and sees what they did before', async () => {
    const first = site.check.run(site.organizationId);
    await site.dataSource.query(`UPDATE accounts SET deposited_nano = deposited_nano + 1`);
    const [second, third] = [
      site.check.run(site.organizationId),
      site.check.run(site.organizationId),
    ];
    expect(second).toBe(third);
    await first;
    expect((await second).ok).toBe(false);
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
