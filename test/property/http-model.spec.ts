import fc from 'fast-check';
import { newId } from '../../src/kernel/ids.js';
import { parseMoney, printMoney } from '../../src/kernel/money.js';
import { BoundSession } from '../harness/bound-session.js';
import {
  type Answer,
  Installation,
  type Json,
  type ProjectFixture,
  usage,
} from '../harness/installation.js';
import { query } from '../harness/people.js';
import { expectSoundHistory } from './history.js';
import { LedgerModel, type ModelBudget } from './ledger-model.js';

/** The model of ledger.spec.ts, but through the real routes, with real keys: what the wire rounds, drops or mixes up shows here. */
const TRANCHE = 500_000_000n;
const MAX_OPEN = 5;
const RUNS = Number(process.env['IRON_CAGE_HTTP_RUNS'] ?? 40);
const MODELS = ['gpt-5', 'claude-haiku-4-5'] as const;

const amount = fc.record({
  base: fc.constantFrom('room' as const, 'tranche' as const, 'small' as const),
  offset: fc.constantFrom(-1n, 0n, 1n),
  small: fc.bigInt({ min: 1n, max: 900_000_000n }),
});
type Amount = typeof amount extends fc.Arbitrary<infer T> ? T : never;
const model = fc.constantFrom(...MODELS);
const which = fc.nat(20);

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('deposit' as const, 'withdraw' as const, 'correct' as const),
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
      which,
      cost: fc.option(amount),
      final: fc.boolean(),
      renew: fc.boolean(),
      model,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('revoke' as const, 'revoke all' as const),
      which,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('repeat' as const, 'pause' as const, 'resume' as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const budgetPlan = fc.record({
  scope: fc.constantFrom('project' as const, 'key' as const),
  window: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'total' as const),
  limit: fc.bigInt({ min: 0n, max: 3_000_000_000n }),
  models: fc.constantFrom([], ['gpt-*'], ['claude-*', 'mistral']),
});

interface Sent {
  readonly token: string;
  readonly path: string;
  readonly body: object;
  readonly answer: Pick<Answer, 'status' | 'body'>;
}

class Run {
  private readonly ids: string[] = [];
  private last: Sent | undefined;

  constructor(
    private readonly site: Installation,
    private readonly project: ProjectFixture,
    private readonly session: BoundSession,
    private readonly model: LedgerModel,
  ) {}

  async apply(one: Step): Promise<void> {
    switch (one.kind) {
      case 'deposit':
      case 'withdraw':
      case 'correct':
        return this.transfer(one.kind, this.resolve(one.amount));
      case 'acquire':
        return this.acquire(one);
      case 'settle':
        return this.settle(one);
      case 'revoke':
        return this.revoke(one.which);
      case 'revoke all':
        return this.revokeAll();
      case 'repeat':
        return this.repeat();
      case 'pause':
      case 'resume':
        await this.site.must(
          'POST',
          `/v1/projects/${this.project.id}/${one.kind}`,
          one.kind === 'pause' ? {} : undefined,
        );
        this.model.paused = one.kind === 'pause';
        this.last = undefined;
    }
  }

  async compare(): Promise<void> {
    const { model } = this;
    expect(await this.site.balance(this.project.id)).toEqual({
      deposited: printMoney(model.deposited),
      spent: printMoney(model.spent),
      leased: printMoney(model.leased),
      available: printMoney(model.free),
      debt: printMoney(model.net < 0n ? -model.net : 0n),
    });
    const { items } = await this.site.must<{ items: Json[] }>('GET', '/v1/budgets');
    for (const budget of model.budgets) {
      const reserved = model.reservedIn(budget);
      const left = budget.limit - budget.settled - reserved;
      expect(items.find(({ id }) => id === budget.id)).toMatchObject({
        spent: printMoney(budget.settled),
        leased: printMoney(reserved),
        available: printMoney(left > 0n ? left : 0n),
      });
    }
  }

  private resolve({ base, offset, small }: Amount): bigint {
    const from = { room: this.model.room(undefined), tranche: TRANCHE, small }[base] + offset;
    return from > 0n ? from : 1n;
  }

  /** What an agent sends is proven, whether or not its project wants that. */
  private post(
    token: string,
    path: string,
    body: object,
  ): Promise<Pick<Answer, 'status' | 'body'>> {
    return token === this.project.key
      ? this.session.call('POST', path, body)
      : this.site.as(token, 'POST', path, body);
  }

  private async send(token: string, path: string, body: object): Promise<Sent['answer']> {
    const answer = await this.post(token, path, body);
    expect(answer.status).not.toBe(500);
    this.last = { token, path, body, answer };
    return answer;
  }

  private async transfer(kind: 'deposit' | 'withdraw' | 'correct', value: bigint): Promise<void> {
    const route = { deposit: 'deposits', withdraw: 'withdrawals', correct: 'corrections' }[kind];
    // A correction takes away, as much as was ever given: into debt if need be.
    const signed = kind === 'correct' ? -value : value;
    const body = { requestId: newId(), amount: printMoney(signed), reason: 'model' };
    const { status } = await this.send(
      this.site.token,
      `/v1/projects/${this.project.id}/${route}`,
      body,
    );
    const fits =
      kind === 'correct'
        ? value <= this.model.deposited
        : kind === 'deposit' || value <= this.model.free;
    expect(status).toBe(fits ? 201 : 409);
    if (!fits) this.last = undefined;
    else if (kind === 'withdraw') this.model.withdraw(value);
    else this.model.deposit(signed);
  }

  private async acquire(one: Extract<Step, { kind: 'acquire' }>): Promise<void> {
    const minimum = one.minimum === null ? 0n : this.resolve(one.minimum);
    const wanted = this.resolve(one.wanted) > minimum ? this.resolve(one.wanted) : minimum;
    const purpose = one.model ?? undefined;
    const leaseId = newId();
    const expected = this.model.acquire(leaseId, wanted, minimum, purpose);
    const answer = await this.send(this.project.key, '/v1/sdk/leases', {
      leaseId,
      sessionId: this.session.id,
      wanted: printMoney(wanted),
      minimum: printMoney(minimum),
      ...(purpose !== undefined && { purpose: { models: [purpose] } }),
    });
    expect(granted(answer.status === 201 ? answer.body : { error: answer.body['error'] })).toEqual(
      expected,
    );
    if (answer.status === 201) this.ids.push(leaseId);
    else if (answer.status !== 402) this.last = undefined;
  }

  private async settle(one: Extract<Step, { kind: 'settle' }>): Promise<void> {
    const leaseId = this.pick(one.which);
    if (leaseId === undefined) return;
    const cost = one.cost === null ? 0n : this.resolve(one.cost);
    const next = one.final && one.renew ? newId() : undefined;
    const seq = (this.model.leases.get(leaseId)?.seq ?? 0) + 1;
    const expected = this.model.settle(leaseId, cost, one.final, one.model);
    const expectedNext = next && this.model.acquire(next, TRANCHE, 0n);
    // A provider that the price table does not know: the figure of the client is booked.
    const line = usage({}, { provider: 'nobody', model: one.model, cost: printMoney(cost) });
    const { status, body } = await this.send(
      this.project.key,
      `/v1/sdk/leases/${leaseId}/settlements`,
      {
        sessionId: this.session.id,
        seq,
        usage: cost === 0n ? [] : [line],
        final: one.final,
        ...(next !== undefined && {
          next: { leaseId: next, wanted: printMoney(TRANCHE), minimum: '0' },
        }),
      },
    );
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        booked: printMoney(cost),
        late: printMoney(expected.late),
        returned: printMoney(expected.returned),
      },
    });
    if (next === undefined) return;
    expect(granted(body['next'])).toEqual(expectedNext);
    if (body['next'].granted) this.ids.push(next);
  }

  private async revoke(choice: number): Promise<void> {
    const leaseId = this.pick(choice);
    if (leaseId === undefined) return;
    const { status } = await this.site.as(this.site.token, 'POST', `/v1/leases/${leaseId}/revoke`);
    expect(status).toBe(this.model.revoke(leaseId) ? 200 : 409);
    this.last = undefined;
  }

  private async revokeAll(): Promise<void> {
    const open = [...this.model.leases].filter(([, { state }]) => state === 'PENDING');
    for (const [id] of open) this.model.revoke(id);
    expect(await this.site.must('POST', `/v1/keys/${this.project.keyId}/leases/revoke`)).toEqual({
      revoked: open.length,
    });
    this.last = undefined;
  }

  private async repeat(): Promise<void> {
    if (!this.last) return;
    const { token, path, body, answer } = this.last;
    const again = await this.post(token, path, body);
    const known = ({ status, body: { error, ...rest } }: Sent['answer']): unknown => ({
      status,
      rest,
      code: error?.code,
      details: error?.details,
    });
    expect(known(again)).toEqual(known(answer));
  }

  private pick(choice: number): string | undefined {
    return this.ids[choice % Math.max(1, this.ids.length)];
  }
}

/** The amount, or the code of the refusal. */
function granted(body: Json): bigint | string | undefined {
  return body['error'] === undefined
    ? parseMoney(body['amount'] as string)
    : (body['error'].code as string);
}

describe('the routes do what the model does', () => {
  let site: Installation;
  const seed = Number(process.env['IRON_CAGE_SEED'] ?? Date.now() % 2 ** 31);

  beforeAll(async () => {
    site = await Installation.start();
    process.stdout.write(`http model seed: IRON_CAGE_SEED=${seed}\n`);
  });
  afterAll(() => site.stop());

  it('for any history of requests', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(budgetPlan, { maxLength: 3 }),
        fc.array(step, { minLength: 5, maxLength: 25 }),
        fc.constantFrom('off' as const, 'required' as const),
        async (plans, steps, senderBinding) => {
          const project = await site.project({
            policy: { maxOpenLeases: MAX_OPEN, trancheSize: printMoney(TRANCHE), senderBinding },
          });
          const session = await BoundSession.start(site.url, project.key);
          const budgets: ModelBudget[] = [];
          for (const plan of plans) {
            const scopeId = plan.scope === 'project' ? project.id : project.keyId;
            const { id } = await site.must('POST', '/v1/budgets', {
              ...plan,
              scopeId,
              limit: printMoney(plan.limit),
            });
            const models = MODELS.filter((name) =>
              plan.models.some((glob) => name.startsWith(glob.replace('*', ''))),
            );
            budgets.push({
              id: id as string,
              limit: plan.limit,
              models: plan.models.length === 0 ? [] : models,
              settled: 0n,
            });
          }
          const run = new Run(
            site,
            project,
            session,
            new LedgerModel(TRANCHE, 'return', MAX_OPEN, budgets),
          );
          for (const one of steps) {
            await run.apply(one);
            await run.compare();
          }
          for (const { id } of budgets) await site.must('DELETE', `/v1/budgets/${id}`);
        },
      ),
      { numRuns: RUNS, seed, endOnFailure: false },
    );
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    await expectSoundHistory(
      (sql, parameters) => query(site, sql, parameters),
      site.organizationId,
    );
  }, 300_000);
});
