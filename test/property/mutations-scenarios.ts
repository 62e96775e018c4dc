import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { matchesGlob } from '../../src/billing/domain/budgets.js';
import type { Command, Outcome } from '../../src/billing/domain/commands.js';
import { newId } from '../../src/kernel/ids.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';
import { expectSoundHistory } from './history.js';

/**
 * What the engine promises, each promise as one short story against a real database. `mutations.spec.ts` runs them twice: against the
 * code as it is, where all must pass, and against copies of it with one fault each, where the named one must fail.
 */
export const SCENARIOS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'a crowd on two replicas gets what there is': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    // Two by two, so that they meet again and again, and then all at once.
    for (let i = 0; i < 40; i++) {
      const [one, two] = [bench.wish(holder, { wanted: 10n }), bench.wish(holder, { wanted: 10n })];
      await bench.twice(one, two);
    }
    await bench.crowd(holder, 100, () => ({ wanted: 10n, minimum: 10n }));
    assert.equal(await bench.balance(holder), 'deposited 1000, spent 0, leased 1000, debt 0');
  },
  'the wall refuses what the code would let through': async (bench) => {
    const holder = await bench.project({ deposit: 100n });
    const over = bench.site.dataSource.query(
      `UPDATE accounts SET reserved_nano = 101 WHERE organization_id = $1 AND project_id = $2`,
      [bench.site.organizationId, holder.projectId],
    );
    await assert.rejects(over, /accounts_available/);
  },
  'a repeated report gets the same answer and books nothing': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    const { leaseId } = await bench.acquire(holder, { wanted: 500n });
    const report = bench.report(holder, leaseId, 1, 200n);
    const [first, again] = [await bench.submit(report), await bench.submit(report)];
    assert.equal(first.ok, true);
    assert.deepEqual(again, first);
    assert.equal(await bench.balance(holder), 'deposited 1000, spent 200, leased 0, debt 0');
  },
  'sums of usage are its lines': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    await bench.site.rollups.runDue();
    for (const cost of [200n, 300n]) {
      const { leaseId } = await bench.acquire(holder, { wanted: 400n });
      const report = bench.report(holder, leaseId, 1, cost);
      const usage = report.usage.map((line) => ({ ...line, model: 'one' }));
      await bench.submit({ ...report, usage });
      assert.equal(await bench.site.rollups.runDue(), 1);
    }
    assert.equal(await bench.site.rollups.runDue(), 0);
  },
  'a repeated deposit moves the money once': async (bench) => {
    const holder = await bench.project({});
    const deposit = bench.deposit(holder, 70n);
    assert.deepEqual(await bench.submit(deposit), await bench.submit(deposit));
    assert.equal(await bench.balance(holder), 'deposited 70, spent 0, leased 0, debt 0');
  },
  'one id on two replicas is one lease': async (bench) => {
    // Two projects share no lock: only the table's key stands between them.
    const [holder, other] = [
      await bench.project({ deposit: 10_000n }),
      await bench.project({ deposit: 10_000n }),
    ];
    for (let i = 0; i < 25; i++) {
      const leaseId = newId();
      const [a, b] = await bench.twice(
        bench.wish(holder, { leaseId, wanted: 10n }),
        bench.wish(other, { leaseId, wanted: 10n }),
      );
      assert.deepEqual([a, b].filter(({ ok }) => ok).length, 1);
      assert.deepEqual([a, b].map(codeOf).filter(Boolean), ['CONFLICT']);
    }
  },
  'a report books what it says, to the nano-dollar': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    const { leaseId } = await bench.acquire(holder, { wanted: 500n });
    const outcome = await bench.submit(bench.report(holder, leaseId, 1, 123n));
    assert.equal(outcome.ok && outcome.value.booked, 123n);
    assert.equal(outcome.ok && outcome.value.returned, 377n);
    assert.equal(await bench.balance(holder), 'deposited 1000, spent 123, leased 0, debt 0');
  },
  'a limit is the last nano-dollar that is lent': async (bench) => {
    const holder = await bench.project({ deposit: 10_000n });
    await bench.budget(holder, 100n);
    assert.equal(
      codeOf(await bench.submit(bench.wish(holder, { wanted: 101n, minimum: 101n }))),
      'BUDGET_EXCEEDED',
    );
    assert.equal((await bench.acquire(holder, { wanted: 500n })).amount, 100n);
    assert.equal(codeOf(await bench.submit(bench.wish(holder, { wanted: 1n }))), 'BUDGET_EXCEEDED');
  },
  'a minimum that is exactly there is lent': async (bench) => {
    const holder = await bench.project({ deposit: 100n });
    assert.equal((await bench.acquire(holder, { wanted: 100n, minimum: 100n })).amount, 100n);
  },
  'nothing is lent while a project is paused': async (bench) => {
    const holder = await bench.project({ deposit: 100n });
    await bench.site.dataSource.query(`UPDATE projects SET state = 'paused' WHERE id = $1`, [
      holder.projectId,
    ]);
    assert.equal(codeOf(await bench.submit(bench.wish(holder, { wanted: 10n }))), 'PROJECT_PAUSED');
  },
  'a lease lasts as long as it was granted for': async (bench) => {
    const holder = await bench.project({ deposit: 100n });
    const { leaseId } = await bench.acquire(holder, { wanted: 100n });
    const expire = { kind: 'expire', ...holder, leaseId } as const;
    const early = await bench.submit(expire);
    assert.equal(early.ok && early.value.state, 'PENDING');
    await bench.site.age(holder.projectId, 301);
    const due = await bench.submit(expire);
    assert.equal(due.ok && due.value.state, 'EXPIRED_HOLD');
    assert.equal(await bench.balance(holder), 'deposited 100, spent 0, leased 100, debt 0');
  },
  'an organization sees nothing of another one': async (bench) => {
    const [mine, theirs] = [
      await bench.project({ deposit: 100n }),
      await bench.stranger({ deposit: 100n }),
    ];
    const leaseId = newId();
    assert.equal((await bench.acquire(mine, { leaseId, wanted: 10n })).amount, 10n);
    const outcome = await theirs.site.ledger.submit(
      theirs.site.organizationId,
      bench.wish(theirs.holder, { leaseId, wanted: 20n }),
    );
    assert.equal(outcome.ok && outcome.value.amount, 20n);
    await bench.submit(bench.report(mine, leaseId, 1, 10n));
    assert.deepEqual(await leasedIn(theirs.site, theirs.holder), 20n);
    assert.deepEqual((await theirs.site.check.run(theirs.site.organizationId)).findings, []);
  },
  'a remainder that was charged is not charged again': async (bench) => {
    const holder = await bench.project({ deposit: 100n, expiry: 'charge' });
    const { leaseId } = await bench.acquire(holder, { wanted: 80n });
    await bench.site.age(holder.projectId, 100_000);
    await bench.submit({ kind: 'expire', ...holder, leaseId });
    assert.equal(await bench.balance(holder), 'deposited 100, spent 80, leased 0, debt 0');
    await bench.submit(bench.report(holder, leaseId, 1, 50n));
    assert.equal(await bench.balance(holder), 'deposited 100, spent 80, leased 0, debt 0');
    await bench.submit(bench.report(holder, leaseId, 2, 35n));
    assert.equal(await bench.balance(holder), 'deposited 100, spent 85, leased 0, debt 0');
  },
  'a lease stays in the window in which it was granted': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    const budgetId = await bench.budget(holder, 100n);
    const { leaseId } = await bench.acquire(holder, { wanted: 60n });
    await bench.nextDay(holder);
    await bench.acquire(holder, { wanted: 30n });
    await bench.submit(bench.report(holder, leaseId, 1, 20n));
    assert.deepEqual(await bench.windows(budgetId), ['spent 20, leased 0', 'spent 0, leased 30']);
  },
  'every budget of a lease has room for it': async (bench) => {
    const holder = await bench.project({ deposit: 10_000n });
    const [wide, narrow] = [await bench.budget(holder, 900n), await bench.budget(holder, 300n)];
    await bench.crowd(holder, 40, () => ({ wanted: 11n, minimum: 0n }));
    assert.deepEqual(await bench.windows(wide), ['spent 0, leased 300']);
    assert.deepEqual(await bench.windows(narrow), ['spent 0, leased 300']);
  },
  'debt blocks leases until it is covered': async (bench) => {
    const holder = await bench.project({ deposit: 100n });
    const [kept, over] = [
      await bench.acquire(holder, { wanted: 50n }),
      await bench.acquire(holder, { wanted: 50n }),
    ];
    await bench.submit(bench.report(holder, over.leaseId, 1, 120n));
    assert.equal(await bench.balance(holder), 'deposited 100, spent 120, leased 50, debt 70');
    await bench.submit(bench.report(holder, kept.leaseId, 1, 0n));
    assert.equal(await bench.balance(holder), 'deposited 100, spent 120, leased 0, debt 20');
    await bench.submit(bench.deposit(holder, 10n));
    assert.equal(codeOf(await bench.submit(bench.wish(holder, { wanted: 5n }))), 'BUDGET_EXCEEDED');
    await bench.submit(bench.deposit(holder, 15n));
    assert.equal((await bench.acquire(holder, { wanted: 50n })).amount, 5n);
  },
  'a key holds no more open leases than it may': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n, maxOpenLeases: 5 });
    const outcomes = await bench.crowd(holder, 20, () => ({ wanted: 1n, minimum: 1n }));
    assert.equal(outcomes.filter(({ ok }) => ok).length, 5);
  },
  'a refused id stays refused': async (bench) => {
    const holder = await bench.project({ deposit: 10n });
    const wish = bench.wish(holder, { wanted: 20n, minimum: 20n });
    const first = await bench.submit(wish);
    await bench.submit(bench.deposit(holder, 1_000n));
    assert.deepEqual(await bench.submit(wish), first);
    assert.equal(codeOf(first), 'BUDGET_EXCEEDED');
  },
  'each gets the answer that it would have had alone': async (bench) => {
    const holder = await bench.project({ deposit: 100_000n });
    const wanted = Array.from({ length: 60 }, (_, index) => BigInt(index + 1));
    const outcomes = await Promise.all(
      wanted.map((amount) => bench.submit(bench.wish(holder, { wanted: amount }))),
    );
    assert.deepEqual(
      outcomes.map((outcome) => outcome.ok && outcome.value.amount),
      wanted,
    );
  },
  'amounts keep every digit': async (bench) => {
    const exact = 9_007_199_254_740_993n;
    const holder = await bench.project({ deposit: exact + 2n });
    const { leaseId } = await bench.acquire(holder, { wanted: exact, minimum: exact });
    const outcome = await bench.submit(bench.report(holder, leaseId, 1, 1n));
    assert.equal(outcome.ok && outcome.value.returned, exact - 1n);
    assert.equal(await bench.balance(holder), `deposited ${exact + 2n}, spent 1, leased 0, debt 0`);
  },
  'a threshold is told once': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    await bench.acquire(holder, { wanted: 600n });
    for (let i = 0; i < 3; i++) await bench.acquire(holder, { wanted: 1n });
    assert.deepEqual(await bench.told(holder), ['committed 50']);
  },
  'what was leased in a minute has a limit': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    await bench.site.dataSource.query(`UPDATE projects SET velocity_nano = 100 WHERE id = $1`, [
      holder.projectId,
    ]);
    assert.equal((await bench.acquire(holder, { wanted: 70n })).amount, 70n);
    assert.equal((await bench.acquire(holder, { wanted: 70n })).amount, 30n);
    assert.equal(
      codeOf(await bench.submit(bench.wish(holder, { wanted: 1n }))),
      'VELOCITY_EXCEEDED',
    );
  },
  'a budget for other models limits nothing': async (bench) => {
    assert.equal(matchesGlob('gpt-5', 'gpt-5-mini'), false);
    const holder = await bench.project({ deposit: 1_000n });
    await bench.budget(holder, 0n, ['gpt-5']);
    assert.equal((await bench.acquire(holder, { wanted: 10n, model: 'gpt-5-mini' })).amount, 10n);
    assert.equal(
      codeOf(await bench.submit(bench.wish(holder, { wanted: 10n, model: 'gpt-5' }))),
      'BUDGET_EXCEEDED',
    );
  },
  'a key that was revoked borrows nothing': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    await bench.site.dataSource.query(
      `UPDATE iron_cage_keys SET revoked_at = now() WHERE id = $1`,
      [holder.keyId],
    );
    assert.equal(codeOf(await bench.submit(bench.wish(holder, { wanted: 10n }))), 'KEY_INVALID');
  },
  'a book that was altered does not pass the check': async (bench) => {
    const holder = await bench.project({ deposit: 1_000n });
    await bench.acquire(holder, { wanted: 10n });
    const { organizationId, dataSource, check } = bench.site;
    const alter = (sign: string): Promise<unknown> =>
      dataSource.query(
        `UPDATE accounts SET deposited_nano = deposited_nano ${sign} 1 WHERE organization_id = $1 AND project_id = $2`,
        [organizationId, holder.projectId],
      );
    await alter('+');
    assert.equal((await check.run(organizationId)).ok, false);
    await alter('-');
  },
};

interface WishFields {
  readonly leaseId?: string;
  readonly wanted: bigint;
  readonly minimum?: bigint;
  readonly model?: string;
}

/** Two replicas of the ledger on one database, and short words for what is done with them. */
export class Bench {
  private readonly second: LedgerSite['ledger'];

  constructor(readonly site: LedgerSite) {
    this.second = site.replica();
  }

  /** Whatever a story did: the figures must agree with each other, and the history must be sound at every point. */
  async audit(): Promise<void> {
    const { organizationId, dataSource, check } = this.site;
    assert.deepEqual((await check.run(organizationId)).findings, []);
    await expectSoundHistory(
      (sql, parameters) => dataSource.query(sql, parameters),
      organizationId,
    );
  }

  async project(options: {
    deposit?: bigint;
    expiry?: 'return' | 'charge';
    maxOpenLeases?: number;
  }): Promise<Holder> {
    const holder = await this.site.project({ maxOpenLeases: 10_000, ...options });
    if (options.deposit !== undefined) await this.submit(this.deposit(holder, options.deposit));
    return holder;
  }

  async stranger(options: { deposit: bigint }): Promise<{ site: LedgerSite; holder: Holder }> {
    // The same database and ledger, another organization.
    const site = Object.create(this.site, { organizationId: { value: newId() } }) as LedgerSite;
    await site.dataSource.query(`INSERT INTO organizations (id, name) VALUES ($1, 'Other')`, [
      site.organizationId,
    ]);
    const holder = await site.project({ maxOpenLeases: 10_000 });
    await site.ledger.execute(site.organizationId, this.deposit(holder, options.deposit));
    return { site, holder };
  }

  budget(holder: Holder, limit: bigint, models: readonly string[] = []): Promise<string> {
    return this.site.budget({
      scope: 'project',
      scopeId: holder.projectId,
      window: 'day',
      limit,
      models,
    });
  }

  submit<C extends Command>(command: C): Promise<Outcome<C['kind']>> {
    return this.site.ledger.submit(this.site.organizationId, command);
  }

  /** On both replicas at the same moment. */
  twice<C extends Command>(one: C, two: C): Promise<[Outcome<C['kind']>, Outcome<C['kind']>]> {
    const { organizationId, ledger } = this.site;
    return Promise.all([
      ledger.submit(organizationId, one),
      this.second.submit(organizationId, two),
    ]);
  }

  crowd(holder: Holder, size: number, wish: () => WishFields): Promise<Outcome[]> {
    const { organizationId, ledger } = this.site;
    return Promise.all(
      Array.from({ length: size }, (_, index) =>
        (index % 2 === 0 ? ledger : this.second).submit(organizationId, this.wish(holder, wish())),
      ),
    );
  }

  async acquire(holder: Holder, fields: WishFields): Promise<{ leaseId: string; amount: bigint }> {
    const outcome = await this.submit(this.wish(holder, fields));
    if (!outcome.ok) throw new Error(`refused: ${outcome.refusal.message}`);
    return outcome.value;
  }

  wish(
    { projectId, keyId, sessionId }: Holder,
    { leaseId = newId(), wanted, minimum = 0n, model }: WishFields,
  ): Extract<Command, { kind: 'acquire' }> {
    const purpose = model === undefined ? undefined : { models: [model] };
    const requestHash = hash(`${wanted} ${minimum} ${model}`);
    return {
      kind: 'acquire',
      projectId,
      keyId,
      sessionId,
      requestHash,
      leaseId,
      wanted,
      minimum,
      purpose,
    };
  }

  report(
    { projectId, keyId, sessionId }: Holder,
    leaseId: string,
    seq: number,
    cost: bigint,
  ): Extract<Command, { kind: 'settle' }> {
    const usage = cost === 0n ? [] : [line(cost)];
    return {
      kind: 'settle',
      projectId,
      keyId,
      sessionId,
      leaseId,
      seq,
      usage,
      final: true,
      requestHash: hash(`${seq} ${cost}`),
    };
  }

  deposit({ projectId }: Holder, amount: bigint): Extract<Command, { kind: 'transfer' }> {
    return {
      kind: 'transfer',
      direction: 'deposit',
      projectId,
      requestId: newId(),
      requestHash: hash(String(amount)),
      amount,
      actor: 'test',
      reason: null,
    };
  }

  /** Makes today's windows and leases yesterday's. */
  async nextDay({ projectId }: Holder): Promise<void> {
    const yesterday = (column: string): string =>
      `(SELECT coalesce(jsonb_agg(s || jsonb_build_object('start', ((s->>'start')::date - 1)::text)), '[]') FROM jsonb_array_elements(${column}) s)`;
    await this.site.dataSource.query(
      `UPDATE leases SET scopes = ${yesterday('scopes')} WHERE project_id = $1`,
      [projectId],
    );
    await this.site.dataSource.query(
      `UPDATE budget_windows SET start = start - 1 WHERE budget_id IN (SELECT id FROM budgets WHERE scope_id = $1)`,
      [projectId],
    );
  }

  async windows(budgetId: string): Promise<string[]> {
    const rows = await this.site.dataSource.query<
      { settled_nano: bigint; reserved_nano: bigint }[]
    >(
      'SELECT settled_nano, reserved_nano FROM budget_windows WHERE budget_id = $1 ORDER BY start',
      [budgetId],
    );
    return rows.map((row) => `spent ${row.settled_nano}, leased ${row.reserved_nano}`);
  }

  async told({ projectId }: Holder): Promise<string[]> {
    const rows = await this.site.dataSource.query<{ text: string }[]>(
      `SELECT (payload->>'of') || ' ' || (payload->>'threshold') AS text FROM outbox_events WHERE payload->>'scopeId' = $1 ORDER BY id`,
      [projectId],
    );
    return rows.map(({ text }) => text);
  }

  async balance({ projectId }: Holder): Promise<string> {
    const [row] = await this.site.dataSource.query<Record<string, bigint>[]>(
      'SELECT deposited_nano AS d, settled_nano AS s, reserved_nano AS r, overdraft_nano AS o FROM accounts WHERE project_id = $1',
      [projectId],
    );
    return `deposited ${row?.['d']}, spent ${row?.['s']}, leased ${row?.['r']}, debt ${row?.['o']}`;
  }
}

async function leasedIn(site: LedgerSite, { projectId }: Holder): Promise<bigint | undefined> {
  const [row] = await site.dataSource.query<{ reserved_nano: bigint }[]>(
    'SELECT reserved_nano FROM accounts WHERE project_id = $1',
    [projectId],
  );
  return row?.reserved_nano;
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
const codeOf = (outcome: Outcome): string | undefined =>
  outcome.ok ? undefined : outcome.refusal.code;

function line(cost: bigint) {
  return {
    id: newId(),
    provider: 'openai',
    model: `model-${randomBytes(2).toString('hex')}`,
    outcome: 'completed' as const,
    estimated: false,
    tokens: {
      input: 0,
      cacheRead: 0,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
      output: 0,
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
}
