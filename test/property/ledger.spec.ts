import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Command, Outcome } from '../../src/billing/domain/commands.js';
import { newId } from '../../src/kernel/ids.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';
import { expectSoundHistory, type Query } from './history.js';
import { LedgerModel, type ModelBudget } from './ledger-model.js';

const TRANCHE = 500_000_000n;
const MAX_OPEN = 6;
const RUNS = Number(process.env['IRON_CAGE_PROPERTY_RUNS'] ?? 150);

type Amount = {
  readonly base: 'room' | 'tranche' | 'small';
  readonly offset: -1 | 0 | 1;
  readonly small: number;
};
type Step =
  | { readonly kind: 'deposit' | 'withdraw'; readonly amount: Amount }
  | {
      readonly kind: 'acquire';
      readonly wanted: Amount;
      readonly minimum: Amount | null;
      readonly model: string | null;
    }
  | {
      readonly kind: 'settle';
      readonly which: number;
      readonly cost: Amount | null;
      readonly final: boolean;
      readonly renew: boolean;
      readonly model: string;
    }
  | { readonly kind: 'revoke'; readonly which: number }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'pause' | 'expire' | 'grace' };

const MODELS = ['gpt-5', 'gpt-5-mini', 'claude-haiku-4-5'] as const;
const model = fc.constantFrom(...MODELS);

// Faults live at the borders: amounts are what is free, the tranche, or the lease itself, give or take one nano-dollar.
const amount: fc.Arbitrary<Amount> = fc.record({
  base: fc.constantFrom('room' as const, 'tranche' as const, 'small' as const),
  offset: fc.constantFrom(-1 as const, 0 as const, 1 as const),
  small: fc.integer({ min: 1, max: 900_000_000 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('deposit' as const, 'withdraw' as const),
      amount,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      wanted: amount,
      minimum: fc.option(amount),
      model: fc.option(model),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(20),
      cost: fc.option(amount),
      final: fc.boolean(),
      renew: fc.boolean(),
      model,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause' as const, 'expire' as const, 'grace' as const),
    }),
  },
);

interface BudgetPlan {
  readonly scope: 'project' | 'key' | 'member';
  readonly window: 'day' | 'total';
  readonly limit: number;
  readonly globs: readonly string[];
}
/** A glob and the models that it means. */
const GLOBS: Readonly<Record<string, readonly string[]>> = {
  'gpt-5*': ['gpt-5', 'gpt-5-mini'],
  '*mini': ['gpt-5-mini'],
  'claude-*-4-*': ['claude-haiku-4-5'],
};
const budgetPlan: fc.Arbitrary<BudgetPlan> = fc.record({
  scope: fc.constantFrom('project' as const, 'key' as const, 'member' as const),
  window: fc.constantFrom('day' as const, 'total' as const),
  limit: fc.integer({ min: 0, max: 3_000_000_000 }),
  globs: fc.subarray(Object.keys(GLOBS)),
});

const NO_TOKENS = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  audioInput: 0,
  audioOutput: 0,
};

/** Drives the real ledger and the model side by side. */
class Run {
  private readonly ids: string[] = [];
  private last: { command: Command; outcome: Outcome } | undefined;

  constructor(
    private readonly site: LedgerSite,
    private readonly holder: Holder,
    private readonly model: LedgerModel,
  ) {}

  async apply(step: Step): Promise<void> {
    switch (step.kind) {
      case 'deposit':
      case 'withdraw':
        return this.transfer(step.kind, this.resolve(step.amount));
      case 'acquire':
        return this.acquire(
          this.resolve(step.wanted),
          step.minimum === null ? 0n : this.resolve(step.minimum),
          step.model ?? undefined,
        );
      case 'settle':
        return this.settle(step);
      case 'revoke':
        return this.revoke(step.which);
      case 'repeat':
        if (this.last)
          expect(
            await this.site.ledger.submit(this.site.organizationId, this.last.command),
          ).toEqual(this.last.outcome);
        return;
      case 'pause':
        return this.togglePause();
      case 'expire':
      case 'grace':
        return this.expire(step.kind === 'grace');
    }
  }

  async compare(): Promise<void> {
    const [row] = await this.site.dataSource.query<Record<string, bigint>[]>(
      `SELECT deposited_nano, settled_nano, reserved_nano, overdraft_nano FROM accounts WHERE organization_id = $1 AND project_id = $2`,
      [this.site.organizationId, this.holder.projectId],
    );
    const { model } = this;
    expect(row).toEqual({
      deposited_nano: model.deposited,
      settled_nano: model.spent,
      reserved_nano: model.leased,
      overdraft_nano: model.net < 0n ? -model.net : 0n,
    });
    const windows = await this.site.dataSource.query<
      { id: string; reserved: bigint; settled: bigint }[]
    >(
      `SELECT b.id, coalesce(sum(w.reserved_nano), 0)::bigint AS reserved, coalesce(sum(w.settled_nano), 0)::bigint AS settled
       FROM budgets b LEFT JOIN budget_windows w ON w.budget_id = b.id WHERE b.id = ANY($1::uuid[]) GROUP BY b.id ORDER BY b.id`,
      [model.budgets.map(({ id }) => id)],
    );
    expect(windows).toEqual(
      [...model.budgets]
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map((budget) => ({
          id: budget.id,
          reserved: model.reservedIn(budget),
          settled: budget.settled,
        })),
    );
  }

  private resolve({ base, offset, small }: Amount): bigint {
    const from =
      { room: this.model.room(undefined), tranche: TRANCHE, small: BigInt(small) }[base] +
      BigInt(offset);
    return from > 0n ? from : 1n;
  }

  private async transfer(kind: 'deposit' | 'withdraw', value: bigint): Promise<void> {
    const outcome = await this.submit({
      kind: 'transfer',
      direction: kind === 'deposit' ? 'deposit' : 'withdrawal',
      projectId: this.holder.projectId,
      requestId: newId(),
      requestHash: hash(value),
      amount: value,
      actor: 'test',
      reason: null,
    });
    if (kind === 'deposit') this.model.deposit(value);
    expect(outcome.ok).toBe(kind === 'deposit' || this.model.withdraw(value));
  }

  private async acquire(wanted: bigint, minimum: bigint, model: string | undefined): Promise<void> {
    const leaseId = newId();
    const expected = this.model.acquire(leaseId, wanted, minimum, model);
    const outcome = await this.submit({
      kind: 'acquire',
      ...this.holder,
      requestHash: hash(leaseId),
      leaseId,
      wanted,
      minimum,
      ...(model !== undefined && { purpose: { models: [model] } }),
    });
    expect(granted(outcome)).toEqual(expected);
    if (outcome.ok) this.ids.push(leaseId);
  }

  private async settle(step: Extract<Step, { kind: 'settle' }>): Promise<void> {
    const leaseId = this.pick(step.which);
    if (leaseId === undefined) return;
    const cost = step.cost === null ? 0n : this.resolve(step.cost);
    const next =
      step.final && step.renew ? { leaseId: newId(), wanted: TRANCHE, minimum: 0n } : undefined;
    const seq = (this.model.leases.get(leaseId)?.seq ?? 0) + 1;
    const expected = this.model.settle(leaseId, cost, step.final, step.model);
    const expectedNext = next && this.model.acquire(next.leaseId, next.wanted, next.minimum);
    const outcome = await this.submit({
      kind: 'settle',
      ...this.holder,
      requestHash: hash(leaseId + String(seq)),
      leaseId,
      seq,
      usage: cost === 0n ? [] : [line(cost, step.model)],
      final: step.final,
      ...(next && { next }),
    });
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    expect(outcome.value).toMatchObject({
      booked: cost,
      late: expected.late,
      returned: expected.returned,
    });
    const answer = outcome.value.next;
    expect(answer !== undefined).toBe(next !== undefined);
    if (!next || !answer) return;
    expect(answer.granted ? answer.amount : answer.error.code).toEqual(expectedNext);
    if (answer.granted) this.ids.push(next.leaseId);
  }

  private async revoke(which: number): Promise<void> {
    const leaseId = this.pick(which);
    if (leaseId === undefined) return;
    const outcome = await this.submit({
      kind: 'revoke',
      projectId: this.holder.projectId,
      leaseId,
      actor: 'test',
    });
    expect(outcome.ok).toBe(this.model.revoke(leaseId));
  }

  private async togglePause(): Promise<void> {
    this.model.paused = !this.model.paused;
    await this.site.dataSource.query(
      `UPDATE projects SET state = $3 WHERE organization_id = $1 AND id = $2`,
      [this.site.organizationId, this.holder.projectId, this.model.paused ? 'paused' : 'active'],
    );
    this.last = undefined;
  }

  private async expire(grace: boolean): Promise<void> {
    await this.site.age(this.holder.projectId, grace ? 100_000 : 301);
    if (!grace)
      await this.site.dataSource.query(
        `UPDATE leases SET hold_until = now() + interval '1 hour' WHERE project_id = $1 AND state = 'EXPIRED_HOLD'`,
        [this.holder.projectId],
      );
    this.model.expireAll(grace);
    await Promise.all(
      this.ids.map((leaseId) =>
        this.site.ledger.submit(this.site.organizationId, {
          kind: 'expire',
          ...this.holder,
          leaseId,
        }),
      ),
    );
    if (!grace)
      await this.site.dataSource.query(
        `UPDATE leases SET hold_until = now() + interval '1 hour' WHERE project_id = $1 AND state = 'EXPIRED_HOLD'`,
        [this.holder.projectId],
      );
    this.last = undefined;
  }

  private async submit<C extends Command>(command: C): Promise<Outcome<C['kind']>> {
    const outcome = await this.site.ledger.submit(this.site.organizationId, command);
    const repeatable = outcome.ok || outcome.refusal.code === 'BUDGET_EXCEEDED';
    this.last = repeatable && command.kind !== 'revoke' ? { command, outcome } : undefined;
    return outcome;
  }

  private pick(which: number): string | undefined {
    return this.ids[which % Math.max(1, this.ids.length)];
  }
}

function granted(outcome: Outcome): bigint | string {
  if (!outcome.ok) return outcome.refusal.code;
  return 'amount' in outcome.value ? outcome.value.amount : 'not a grant';
}

function line(cost: bigint, model: string) {
  return {
    id: newId(),
    provider: 'openai',
    model,
    outcome: 'completed' as const,
    estimated: false,
    tokens: NO_TOKENS,
    cost,
    clientCost: cost,
    pricesVersion: 'test',
    pricedBy: 'table' as const,
    tags: [],
    durationMs: 1,
  };
}

const hash = (value: bigint | string): Buffer =>
  createHash('sha256').update(String(value)).digest();

async function addBudget(site: LedgerSite, holder: Holder, plan: BudgetPlan): Promise<ModelBudget> {
  const scopeId = { project: holder.projectId, key: holder.keyId, member: holder.memberId }[
    plan.scope
  ];
  const limit = BigInt(plan.limit);
  const id = await site.budget({
    scope: plan.scope,
    scopeId,
    window: plan.window,
    limit,
    models: plan.globs,
  });
  return { id, limit, models: plan.globs.flatMap((glob) => GLOBS[glob] ?? []), settled: 0n };
}

describe('the ledger does what the model does', () => {
  let site: LedgerSite;
  const query: Query = (sql, parameters) => site.dataSource.query(sql, parameters);
  const seed = Number(process.env['IRON_CAGE_SEED'] ?? Date.now() % 2 ** 31);

  beforeAll(async () => {
    site = await LedgerSite.open();
    process.stdout.write(`ledger property seed: IRON_CAGE_SEED=${seed}\n`);
  });
  afterAll(() => site.close());

  it.each(['return', 'charge'] as const)(
    'for any history of commands, with expiry policy "%s"',
    async (expiry) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(budgetPlan, { maxLength: 3 }),
          fc.array(step, { minLength: 5, maxLength: 30 }),
          async (plans, steps) => {
            const holder = await site.project({ expiry, maxOpenLeases: MAX_OPEN });
            const budgets = await Promise.all(plans.map((plan) => addBudget(site, holder, plan)));
            const run = new Run(site, holder, new LedgerModel(TRANCHE, expiry, MAX_OPEN, budgets));
            for (const one of steps) {
              await run.apply(one);
              await run.compare();
            }
          },
        ),
        { numRuns: RUNS, seed, endOnFailure: false },
      );
      await expectSoundHistory(query, site.organizationId);
      expect(await site.check.run(site.organizationId)).toMatchObject({ ok: true, findings: [] });
    },
    300_000,
  );

  it('gives a crowd on two replicas exactly what there is, whatever the interleaving', async () => {
    const holder = await site.project({ maxOpenLeases: 10_000 });
    const [one, two] = [site.ledger, site.replica()];
    await one.execute(site.organizationId, {
      kind: 'transfer',
      direction: 'deposit',
      projectId: holder.projectId,
      requestId: newId(),
      requestHash: hash('d'),
      amount: 10_000_000_000n,
      actor: 'test',
      reason: null,
    });
    const wishes = Array.from({ length: 2_000 }, () => newId());
    const outcomes = await Promise.all(
      wishes.map((leaseId, index) =>
        (index % 2 === 0 ? one : two).submit(site.organizationId, {
          kind: 'acquire',
          ...holder,
          requestHash: hash(leaseId),
          leaseId,
          wanted: 10_000_000n,
          minimum: 10_000_000n,
        }),
      ),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1_000);
    await expectSoundHistory(query, site.organizationId);
    expect(await site.check.run(site.organizationId)).toMatchObject({ ok: true, findings: [] });
  }, 120_000);

  it('grants one id once when two replicas get it at the same moment', async () => {
    const holder = await site.project();
    const two = site.replica();
    await site.ledger.execute(site.organizationId, {
      kind: 'transfer',
      direction: 'deposit',
      projectId: holder.projectId,
      requestId: newId(),
      requestHash: hash('d'),
      amount: 10_000_000_000n,
      actor: 'test',
      reason: null,
    });
    for (let i = 0; i < 20; i++) {
      const leaseId = newId();
      const command = {
        kind: 'acquire',
        ...holder,
        requestHash: hash(leaseId),
        leaseId,
        wanted: 1_000_000n,
        minimum: 0n,
      } as const;
      const [a, b] = await Promise.all([
        site.ledger.submit(site.organizationId, command),
        two.submit(site.organizationId, command),
      ]);
      expect(a).toEqual(b);
      expect(a.ok).toBe(true);
    }
    expect(await site.check.run(site.organizationId)).toMatchObject({ ok: true, findings: [] });
  });
});
