import { UsageByTime } from '../../src/analytics/usage-by-time.js';
import { UsageSummary } from '../../src/analytics/usage-summary.js';
import { UsageRollups } from '../../src/billing/usage/usage-rollups.js';
import { newId } from '../../src/kernel/ids.js';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';

let site: LedgerSite;
let holder: Holder;

beforeEach(async () => {
  site = await LedgerSite.open();
  holder = await funded();
});
afterEach(() => site.close());

async function funded(): Promise<Holder> {
  const made = await site.project();
  await site.ledger.execute(site.organizationId, {
    kind: 'transfer',
    direction: 'deposit',
    projectId: made.projectId,
    requestId: newId(),
    requestHash: Buffer.alloc(1),
    amount: 1_000_000_000n,
    actor: 'test',
    reason: null,
  });
  return made;
}

/** A lease and one report of two calls. */
async function spend(
  cost: bigint,
  { ledger = site.ledger, model = 'gpt-5-mini', by = holder } = {},
) {
  const leaseId = newId();
  const requestHash = Buffer.alloc(1);
  const wish = { wanted: 1_000n, minimum: 1n, requestHash };
  await ledger.execute(site.organizationId, { kind: 'acquire', ...by, leaseId, ...wish });
  const line = {
    provider: 'openai',
    model,
    outcome: 'completed' as const,
    estimated: false,
    tokens: {
      input: 3,
      cacheRead: 0,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      output: 5,
      audioInput: 0,
      audioOutput: 0,
    },
    cost,
    clientCost: cost,
    pricesVersion: 'test',
    pricedBy: 'table' as const,
    tags: [],
    durationMs: 1,
  };
  await ledger.execute(site.organizationId, {
    kind: 'settle',
    ...by,
    leaseId,
    seq: 1,
    final: true,
    requestHash,
    usage: [
      { id: newId(), ...line },
      { id: newId(), ...line },
    ],
  });
}

const findings = async () => (await site.check.run(site.organizationId)).findings;
const sums = (): Promise<unknown> =>
  site.dataSource.query(
    `SELECT bucket, sum(calls)::int AS calls, sum(input_tokens)::int AS input, sum(output_tokens)::int AS output, sum(cost_nano)::int AS cost
     FROM usage_rollups GROUP BY 1 ORDER BY 1`,
  );

describe('sums of usage', () => {
  it('are its lines, each once, whoever makes them and while more comes', async () => {
    const replicas = Array.from(
      { length: 3 },
      () => new UsageRollups(new UnitOfWork(site.dataSource), idleJobs()),
    );
    const second = site.replica();
    const work = Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        spend(BigInt(i), { ledger: i % 2 === 0 ? site.ledger : second, model: `m${i % 3}` }),
      ),
    );
    let isDone = false;
    const rounds = replicas.map(async (replica) => {
      while (!isDone) await replica.runDue();
    });
    await work.finally(() => {
      isDone = true;
    });
    await Promise.all(rounds);
    await site.rollups.runDue();
    const all = { calls: 60, input: 180, output: 300, cost: 2 * 435 };
    expect(await sums()).toEqual(['day', 'hour', 'minute'].map((bucket) => ({ bucket, ...all })));
    expect(await site.rollups.runDue()).toBe(0);
    expect(await findings()).toEqual([]);
  });

  it('are made for every project, though one of them cannot be summed up', async () => {
    const others = [await funded(), await funded()];
    for (const by of [holder, ...others]) await spend(10n, { by });
    await site.dataSource.query(
      `ALTER TABLE usage_rollups ADD CONSTRAINT broken CHECK (project_id <> '${holder.projectId}')`,
    );
    await expect(site.rollups.runDue()).rejects.toThrow('broken');
    expect(await sums()).toContainEqual(expect.objectContaining({ bucket: 'day', calls: 4 }));
    await site.dataSource.query(`ALTER TABLE usage_rollups DROP CONSTRAINT broken`);
    expect(await site.rollups.runDue()).toBe(2);
    expect(await findings()).toEqual([]);
  });

  it('take in what a clock that went back wrote into minutes that are long summed up', async () => {
    await spend(10n);
    await site.rollups.runDue();
    await spend(20n);
    await site.dataSource.query(
      `UPDATE usage_records SET at = at - interval '2 days' WHERE number > 2`,
    );
    expect(await site.rollups.runDue()).toBe(2);
    expect(await findings()).toEqual([]);
    expect(await sums()).toContainEqual({
      bucket: 'minute',
      calls: 4,
      input: 12,
      output: 20,
      cost: 60,
    });
  });

  it('are the same for a reader before and after they are made', async () => {
    await spend(10n, { model: 'one' });
    await site.rollups.runDue();
    await spend(20n, { model: 'two' });
    const summary = new UsageSummary(site.unitOfWork);
    const times = new UsageByTime(site.unitOfWork);
    // Of the same moment: the range is whole days, and nothing else happens.
    const read = async () => [
      { ...(await summary.read(site.organizationId, {})), perMinute: undefined },
      await times.read(site.organizationId, { bucket: 'day', groupBy: 'model' }),
      await times.read(site.organizationId, { bucket: 'day', groupBy: 'key' }),
      await times.read(site.organizationId, { bucket: 'day', projectId: newId() }),
    ];
    const before = await read();
    expect(before).toMatchObject([
      { today: 60n, calls: 4, byProject: [{ cost: 60n, calls: 4 }] },
      {
        items: [
          { model: 'one', provider: 'openai', cost: 20n, calls: 2, keyId: null },
          { model: 'two', cost: 40n, inputTokens: 6, outputTokens: 10 },
        ],
        isCut: false,
      },
      { items: [{ keyId: holder.keyId, model: null, cost: 60n }] },
      { items: [] },
    ]);
    await site.rollups.runDue();
    expect(await read()).toEqual(before);
  });

  it('are seen by nobody else', async () => {
    await spend(10n);
    await site.rollups.runDue();
    await spend(10n);
    const times = new UsageByTime(site.unitOfWork);
    const { items } = await times.read(newId(), { bucket: 'minute' });
    expect(items).toEqual([]);
  });

  it.each([
    [
      'a minute',
      `UPDATE usage_rollups SET cost_nano = cost_nano + 1 WHERE bucket = 'minute'`,
      'usage by minute is its lines',
      'minute',
    ],
    [
      'an hour',
      `UPDATE usage_rollups SET calls = calls + 1 WHERE bucket = 'hour'`,
      'usage by hour and day is its minutes',
      'hour',
    ],
    [
      'a day away',
      `DELETE FROM usage_rollups WHERE bucket = 'day'`,
      'usage by hour and day is its minutes',
      'day',
    ],
    [
      'a line',
      `UPDATE usage_records SET output_tokens = output_tokens + 1 WHERE number = 1`,
      'usage by minute is its lines',
      'minute',
    ],
    [
      'a line away',
      `DELETE FROM usage_records WHERE number = 1`,
      'usage by minute is its lines',
      'minute',
    ],
    [
      'a number',
      `UPDATE usage_records SET number = 9 WHERE number = 2`,
      'usage lines are numbered without gaps',
      'project',
    ],
  ])('are missed by the check when somebody changes %s', async (_what, sql, invariant, subject) => {
    await spend(10n);
    await site.rollups.runDue();
    expect(await findings()).toEqual([]);
    await site.dataSource.query(sql);
    expect(await findings()).toContainEqual(
      expect.objectContaining({ invariant, subject: expect.stringContaining(subject) }),
    );
  });

  it('refuses ranges that are empty or too long', async () => {
    const times = new UsageByTime(site.unitOfWork);
    const from = new Date('2026-01-01T00:00:00Z');
    for (const [bucket, to] of [
      ['minute', '2026-01-02T00:01:00Z'],
      ['hour', '2026-02-01T01:00:00Z'],
      ['day', '2027-02-06T00:00:00Z'],
      ['day', '2025-12-31T00:00:00Z'],
    ] as const)
      await expect(
        times.read(site.organizationId, { bucket, from, to: new Date(to) }),
      ).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    const day = await times.read(site.organizationId, {
      bucket: 'minute',
      from: new Date('2026-01-01T00:00:59Z'),
      to: new Date('2026-01-01T23:59:01Z'),
    });
    expect([day.from, day.to]).toEqual([from, new Date('2026-01-02T00:00:00Z')]);
  });
});
