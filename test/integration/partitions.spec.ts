import { LedgerAuditJob } from '../../src/billing/accounts/ledger-audit.job.js';
import { Transfers } from '../../src/billing/accounts/transfers.js';
import { OldMonths } from '../../src/billing/storage/old-months.js';
import { PartitionsJob } from '../../src/billing/storage/partitions.job.js';
import { AuditLog } from '../../src/audit/data/audit-log.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { newId } from '../../src/kernel/ids.js';
import type { UserPrincipal } from '../../src/kernel/principal.js';
import { addMonths, firstLeaseOf, migrate, Partitions } from '../../src/platform/database/index.js';
import { createLogger, Metrics } from '../../src/platform/telemetry/index.js';
import type { ProjectDirectory } from '../../src/teams/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';
import { rolesOf } from '../harness/server.js';
import { expectSoundHistory } from '../property/history.js';

const TABLES = ['ledger_entries', 'settlements', 'usage_records'];
const MONTHS_BACK = 5;

let site: LedgerSite;
let holder: Holder;
let today: string;

beforeEach(async () => {
  site = await LedgerSite.open();
  holder = await site.project();
  await site.budget({
    scope: 'project',
    scopeId: holder.projectId,
    window: 'total',
    limit: 10n ** 12n,
  });
  const [clock] = await site.dataSource.query<{ today: string }[]>(
    `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-01') AS today`,
  );
  today = clock?.today ?? '';
  await transfer(1_000_000n);
});
afterEach(() => site.close());

const execute = (command: Parameters<LedgerSite['ledger']['execute']>[1]) =>
  site.ledger.execute(site.organizationId, command);

const transfer = (amount: bigint) =>
  execute({
    kind: 'transfer',
    direction: 'deposit',
    projectId: holder.projectId,
    requestId: newId(),
    requestHash: Buffer.alloc(1),
    amount,
    actor: 'test',
    reason: null,
  });

async function acquire(leaseId = newId()): Promise<string> {
  const wish = { wanted: 1_000n, minimum: 1n, requestHash: Buffer.alloc(1) };
  await execute({ kind: 'acquire', ...holder, leaseId, ...wish });
  return leaseId;
}

const report = (leaseId: string, seq: number, cost: bigint, final = false) => ({
  kind: 'settle' as const,
  ...holder,
  leaseId,
  seq,
  final,
  requestHash: Buffer.alloc(32, seq),
  usage: [
    {
      id: newId(),
      provider: 'openai',
      model: 'gpt-5-mini',
      outcome: 'completed' as const,
      estimated: false,
      tokens: {
        input: 1,
        cacheRead: 0,
        cacheWrite5m: 0,
        cacheWrite1h: 0,
        output: 1,
        audioInput: 0,
        audioOutput: 0,
      },
      cost,
      clientCost: cost,
      pricesVersion: 'test',
      pricedBy: 'table' as const,
      tags: [],
      durationMs: 1,
    },
  ],
});

/** A lease with two reports. @returns its id */
async function work(): Promise<string> {
  const leaseId = await acquire();
  await execute(report(leaseId, 1, 100n));
  await execute(report(leaseId, 2, 250n, true));
  return leaseId;
}

/** Moves what happened this month to the middle of an earlier one, ids of leases and all. */
async function backdate(months: number): Promise<void> {
  const middle = `timestamptz '${addMonths(today, -months)}T00:00:00Z' + interval '14 days'`;
  const seconds = `extract(epoch FROM now() - (${middle}))::bigint`;
  const millis = (id: string): string =>
    `lpad(to_hex(('x' || replace(substr(${id}::text, 1, 13), '-', ''))::bit(48)::bigint - ${seconds} * 1000), 12, '0')`;
  const shifted = (id: string): string =>
    `(substr(${millis(id)}, 1, 8) || '-' || substr(${millis(id)}, 9, 4) || substr(${id}::text, 14))::uuid`;
  const ago = (time: string): string => `${time} - make_interval(secs => ${seconds})`;
  const since = `>= '${today}T00:00:00Z'`;
  await site.dataSource.query(`
    UPDATE settlements SET lease_id = ${shifted('lease_id')}, settled_at = ${ago('settled_at')} WHERE settled_at ${since};
    UPDATE usage_records SET lease_id = ${shifted('lease_id')}, at = ${ago('at')} WHERE at ${since};
    UPDATE ledger_entries SET lease_id = ${shifted('lease_id')}, at = ${ago('at')} WHERE at ${since};
    UPDATE leases SET id = ${shifted('id')}, granted_at = ${ago('granted_at')}, expires_at = ${ago('expires_at')}, ended_at = ${ago('ended_at')}
      WHERE granted_at ${since};
  `);
}

const findings = async () => (await site.check.run(site.organizationId)).findings;

const places = (): Promise<{ place: string; rows: number }[]> =>
  site.dataSource.query(
    TABLES.map(
      (table) =>
        `SELECT tableoid::regclass::text AS place, count(*)::int AS rows FROM ${table} GROUP BY 1`,
    ).join(' UNION ALL ') + ' ORDER BY 1',
  );

const nameOf = (table: string, month: string): string =>
  `${table}_${month.slice(0, 7).replace('-', '_')}`;

describe('the months of the tables that only grow', () => {
  it('take in what an unpartitioned database holds, and everything still adds up', async () => {
    await work();
    await backdate(MONTHS_BACK);
    await work();
    await undoPartitions();
    expect(
      await site.dataSource.query(
        `SELECT relname FROM pg_class WHERE relname = ANY($1) AND relkind = 'r' ORDER BY 1`,
        [TABLES],
      ),
    ).toHaveLength(TABLES.length);
    const old = addMonths(today, -MONTHS_BACK);

    expect(await migrate(site.dataSource, () => undefined)).toBeGreaterThan(0);

    expect(await findings()).toEqual([]);
    await expectSoundHistory(site.dataSource.query.bind(site.dataSource), site.organizationId);
    expect(await places()).toEqual([
      { place: nameOf('ledger_entries', old), rows: 5 },
      { place: nameOf('ledger_entries', today), rows: 4 },
      { place: nameOf('settlements', old), rows: 2 },
      { place: nameOf('settlements', today), rows: 2 },
      { place: nameOf('usage_records', old), rows: 2 },
      { place: nameOf('usage_records', today), rows: 2 },
    ]);
    await work();
    expect(await findings()).toEqual([]);
    const numbers = await site.dataSource.query<{ number: bigint }[]>(
      'SELECT number FROM usage_records ORDER BY number',
    );
    expect(numbers.map(({ number }) => number)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });

  it('are made once, by whoever comes first, and take the rows that waited for them', async () => {
    const ahead = nameOf('settlements', addMonths(today, 2));
    await site.dataSource.query(`DROP TABLE ${ahead}`);
    const leaseId = await acquire(newIdIn(addMonths(today, 2)));
    await execute(report(leaseId, 1, 7n, true));
    const [one, two] = [job(), job()];
    const made = await Promise.all([one.run(), two.run()]);
    expect(made.flat()).toEqual([ahead]);
    expect((await places()).find(({ place }) => place.startsWith('settlements'))).toEqual({
      place: ahead,
      rows: 1,
    });
    expect(await findings()).toEqual([]);
  });

  it('are as closed as their table: nobody reads or writes them past it', async () => {
    const ahead = nameOf('usage_records', addMonths(today, 3));
    await site.dataSource.query(`DROP TABLE ${ahead}`);
    await job().run();
    const [row] = await site.dataSource.query<{ forced: boolean; policies: number }[]>(
      `SELECT relrowsecurity AND relforcerowsecurity AS forced, (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
       FROM pg_class c WHERE relname = $1`,
      [ahead],
    );
    expect(row).toEqual({ forced: true, policies: 2 });
    const database = new URL((site.dataSource.options as { url: string }).url).pathname.slice(1);
    for (const role of Object.values(rolesOf(database))) {
      const [rights] = await site.dataSource.query<{ any: boolean }[]>(
        `SELECT has_table_privilege($1, $2, 'SELECT, INSERT, UPDATE, DELETE') AS any`,
        [role, ahead],
      );
      expect(rights).toEqual({ any: false });
    }
  });

  it('may be missing: rows are taken, counted and found all the same', async () => {
    await site.dataSource.query(
      `DROP TABLE ${nameOf('settlements', today)}, ${nameOf('usage_records', today)}`,
    );
    const leaseId = await acquire();
    const first = report(leaseId, 1, 100n);
    const answer = await execute(first);
    expect(await execute(first)).toEqual(answer);
    const metrics = new Metrics();
    const partitions = new Partitions(site.unitOfWork);
    expect(await partitions.countStrays()).toEqual([
      { table: 'ledger_entries', rows: 0 },
      { table: 'settlements', rows: 1 },
      { table: 'usage_records', rows: 1 },
    ]);
    await new PartitionsJob(partitions, metrics, idleJobs(), createLogger('silent')).run();
    expect(await metrics.print()).toContain('iron_cage_partition_strays{table="settlements"} 0');
    expect(await execute(first)).toEqual(answer);
    expect(await findings()).toEqual([]);
  });
});

describe('an old month', () => {
  const user = { kind: 'user', userId: newId() } as unknown as UserPrincipal;

  const months = (): OldMonths =>
    new OldMonths(
      site.unitOfWork,
      new Partitions(site.unitOfWork),
      new AuditTrail(new AuditLog(site.unitOfWork)),
    );
  const owner = (): UserPrincipal => ({ ...user, organizationId: site.organizationId });
  const short = (month: string): string => month.slice(0, 7);

  async function auditAll(): Promise<void> {
    await site.rollups.runDue();
    await site.dataSource.query(`UPDATE ledger_audits SET due_at = now()`);
    await new LedgerAuditJob(
      site.unitOfWork,
      site.check,
      new Metrics(),
      idleJobs(),
      createLogger('silent'),
    ).runDue();
  }

  it('goes, and every figure can still be recomputed', async () => {
    const dropped = await work();
    await backdate(MONTHS_BACK);
    await job().run();
    const [lease] = await site.dataSource.query<{ id: string }[]>('SELECT id FROM leases');
    const old = lease?.id ?? '';
    expect(old).not.toBe(dropped);
    const kept = await work();
    await auditAll();
    const first = addMonths(today, -MONTHS_BACK);
    const view = await months().view();
    expect(view.months[0]).toMatchObject({ month: short(first), state: 'droppable' });
    expect(view.months.at(-1)).toMatchObject({ month: short(addMonths(today, 3)), state: 'ahead' });
    const before = await site.dataSource.query('SELECT * FROM accounts');

    const after = await months().drop(owner(), short(first));

    expect(after.months[0]?.month).toBe(short(addMonths(first, 1)));
    expect(after.droppedBefore).toBe(short(addMonths(first, 1)));
    expect(await site.dataSource.query('SELECT * FROM accounts')).toEqual(before);
    expect(await findings()).toEqual([]);
    const directory = { get: () => Promise.resolve({}) } as unknown as ProjectDirectory;
    const { items } = await new Transfers(site.ledger, site.unitOfWork, directory).entries(
      site.organizationId,
      { params: { projectId: holder.projectId }, query: {} } as never,
    );
    expect(items.at(-1)).toMatchObject({
      kind: 'CARRIED',
      amount: 1_000_000n - 350n,
      spent: 350n,
      leased: 0n,
    });
    expect(items).toHaveLength(5);
    // A repetition of what is gone is not booked again; of what is kept it gets its answer.
    expect(await site.ledger.submit(site.organizationId, report(old, 2, 250n, true))).toMatchObject(
      { ok: false, refusal: { code: 'CONFLICT' } },
    );
    expect(await execute(report(kept, 2, 250n, true))).toMatchObject({ booked: 250n });
    // A late report of a lease from then is booked in full.
    await execute(report(old, 3, 40n));
    expect(await findings()).toEqual([]);
    expect(
      await site.dataSource.query(
        `SELECT action, target FROM audit_events WHERE action LIKE 'storage%'`,
      ),
    ).toEqual([{ action: 'storage.drop', target: `month:${short(first)}` }]);
  });

  it('after another goes too, and what was carried is carried on', async () => {
    await work();
    await backdate(MONTHS_BACK);
    await work();
    await backdate(MONTHS_BACK - 1);
    await job().run();
    await work();
    await auditAll();
    for (const back of [MONTHS_BACK, MONTHS_BACK - 1]) {
      await months().drop(owner(), short(addMonths(today, -back)));
      expect(await findings()).toEqual([]);
    }
    const carried = await site.dataSource.query(
      `SELECT count(*)::int AS entries, sum(spent_nano)::int AS spent FROM ledger_entries WHERE kind = 'CARRIED'`,
    );
    expect(carried).toEqual([{ entries: 1, spent: 700 }]);
    expect(
      await site.dataSource.query(
        `SELECT scope, sum(amount_nano)::int AS amount FROM carried_settlements GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { scope: 'budget', amount: 700 },
      { scope: 'project', amount: 700 },
    ]);
  });

  it('of a clock that was set back over its end leaves no gap behind', async () => {
    await work();
    await backdate(MONTHS_BACK);
    await work();
    // As if what is now in the older month had been reported later.
    await site.dataSource.query('UPDATE usage_records SET number = 5 - number');
    await job().run();
    await auditAll();
    await months().drop(owner(), short(addMonths(today, -MONTHS_BACK)));
    expect(await findings()).toEqual([]);
    await work();
    expect(await findings()).toEqual([]);
  });

  it.each([
    [
      'how many usage lines went',
      `UPDATE carried_usage SET lines = lines + 1`,
      'usage lines are numbered without gaps',
    ],
    [
      'what was carried forward',
      `UPDATE ledger_entries SET spent_nano = spent_nano + 1, available_nano = available_nano - 1 WHERE kind = 'CARRIED'`,
      'figures equal the entries',
    ],
    [
      'the sum of its reports',
      `UPDATE carried_settlements SET amount_nano = amount_nano + 1 WHERE scope = 'project'`,
      'spent is what was settled and charged',
    ],
    [
      'what it counted against a budget',
      `UPDATE carried_settlements SET amount_nano = amount_nano + 1 WHERE scope = 'budget'`,
      'budget windows spent what was counted against them',
    ],
  ])('is missed by the check when somebody changes %s', async (_what, sql, invariant) => {
    await work();
    await backdate(MONTHS_BACK);
    await job().run();
    await auditAll();
    await months().drop(owner(), short(addMonths(today, -MONTHS_BACK)));
    expect(await findings()).toEqual([]);
    await site.dataSource.query(sql);
    expect((await findings()).map((finding) => finding.invariant)).toContain(invariant);
  });

  it('stays while a lease of it is open, or while a ledger does not add up', async () => {
    await work();
    await acquire();
    await backdate(MONTHS_BACK);
    await job().run();
    await auditAll();
    const first = short(addMonths(today, -MONTHS_BACK));
    const refused = async (reason: RegExp): Promise<void> => {
      await expect(months().drop(owner(), first)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringMatching(reason),
      });
    };
    // The check finds the lease that should have ended, too.
    await refused(/still open/);
    await site.dataSource.query(`UPDATE leases SET state = 'RETURNED' WHERE state = 'PENDING'`);
    await auditAll();
    await refused(/does not add up/);
    expect(await months().view()).toMatchObject({ droppedBefore: null });
  });

  it('stays while a lease is open that was granted in it, whatever the clock said that made its id', async () => {
    await work();
    await backdate(MONTHS_BACK);
    await acquire();
    const granted = `timestamptz '${addMonths(today, -MONTHS_BACK)}T00:00:00Z' + interval '1 day'`;
    await site.dataSource.query(
      `UPDATE leases SET granted_at = ${granted} WHERE state = 'PENDING'`,
    );
    await job().run();
    await auditAll();
    await expect(
      months().drop(owner(), short(addMonths(today, -MONTHS_BACK))),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/still open/),
    });
  });

  it('stays until its usage is summed up, and its hours and days outlive it', async () => {
    await work();
    await backdate(MONTHS_BACK);
    await job().run();
    const first = short(addMonths(today, -MONTHS_BACK));
    await new LedgerAuditJob(
      site.unitOfWork,
      site.check,
      new Metrics(),
      idleJobs(),
      createLogger('silent'),
    ).runDue();
    await expect(months().drop(owner(), first)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('2 usage lines'),
    });
    await site.rollups.runDue();
    await months().drop(owner(), first);
    expect(await findings()).toEqual([]);
    expect(
      await site.dataSource.query(
        'SELECT bucket, calls::int AS calls, cost_nano::int AS cost FROM usage_rollups ORDER BY bucket',
      ),
    ).toEqual([
      { bucket: 'day', calls: 2, cost: 350 },
      { bucket: 'hour', calls: 2, cost: 350 },
    ]);
  });

  it('is the oldest one, and two more have passed', async () => {
    await work();
    await backdate(2);
    await job().run();
    await auditAll();
    for (const back of [2, 1, 0, -1])
      await expect(months().drop(owner(), short(addMonths(today, -back)))).rejects.toMatchObject({
        code: 'CONFLICT',
      });
    expect((await months().view()).months.map(({ state }) => state)).toEqual([
      'kept',
      'kept',
      'current',
      'ahead',
      'ahead',
      'ahead',
    ]);
  });
});

function job(): PartitionsJob {
  return new PartitionsJob(
    new Partitions(site.unitOfWork),
    new Metrics(),
    idleJobs(),
    createLogger('silent'),
  );
}

/** A UUIDv7 of a clock that is wrong. */
function newIdIn(month: string): string {
  return firstLeaseOf(month).slice(0, 14) + newId().slice(14);
}

async function undoPartitions(): Promise<void> {
  for (;;) {
    const [last] = await site.dataSource.query<{ name: string }[]>(
      'SELECT name FROM schema_migrations ORDER BY id DESC LIMIT 1',
    );
    await site.dataSource.undoLastMigration();
    if (last?.name.startsWith('Partitions')) return;
  }
}
