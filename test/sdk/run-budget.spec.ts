import { askAsAgent } from '../../src/billing/asks.contract.js';
import { usageRecord } from '../../src/billing/agent-billing.contract.js';
import {
  BudgetExceededError,
  ConfigurationError,
  RunLimitError,
} from '../../sdk/src/errors/catalogue.js';
import { findIronCageError, type IronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import { nano, refusal } from './fake-server.js';
import { chatRequest, MINI, nanoTotal, startRig, type Rig } from './rig.js';

let rig: Rig;
afterEach(async () => {
  await rig.close();
  expect(rig.server.problems).toEqual([]);
});

/** Up to 100 tokens of output at $0.60 a million: $0.00006 and a little for the prompt. */
const call = (body: Record<string, unknown> = {}): Promise<Response> =>
  rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest(body));

async function refusalOf(work: Promise<unknown>): Promise<IronCageError | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => findIronCageError(error),
  );
}

describe('withBudget', () => {
  it('lets through what fits and stops the next call before it leaves', async () => {
    rig = await startRig({ cage: { clampOutput: false } });
    rig.provider.setScript(() => ({ text: 'short', inputTokens: 20, outputTokens: 100 }));
    const seen = await rig.cage.withBudget('0.00015', async (budget) => {
      await call();
      await call();
      const error = await refusalOf(call());
      return { error, spent: nano(budget.spentUsd), left: nano(budget.remainingUsd ?? '') };
    });
    expect(seen.error).toBeInstanceOf(BudgetExceededError);
    expect(seen.error?.details).toMatchObject({ scope: 'run', limit: '0.000150000' });
    expect(seen.error?.message).toMatch(/left of the \$0\.00015 of this run.*withBudget/);
    expect(rig.provider.requests).toBe(2);
    expect(seen.spent).toBe(rig.provider.bill().totalNano);
    expect(seen.left).toBe(150_000n - seen.spent);
    await call();
    expect(rig.provider.requests).toBe(3);
  });

  it('holds for parallel calls: what is in flight counts', async () => {
    rig = await startRig({ cage: { clampOutput: false, budgetWaitMs: 0 } });
    rig.provider.setScript(() => ({ text: 'short', latencyMs: 60, outputTokens: 100 }));
    const results = await rig.cage.withBudget('0.0004', async (budget) => {
      const settled = await Promise.allSettled(Array.from({ length: 20 }, () => call()));
      expect(nano(budget.spentUsd)).toBeLessThanOrEqual(400_000n);
      return settled;
    });
    const passed = results.filter(({ status }) => status === 'fulfilled').length;
    expect(passed).toBeGreaterThanOrEqual(2);
    expect(passed).toBeLessThan(8);
    expect(rig.provider.requests).toBe(passed);
    expect(rig.provider.bill().totalNano).toBeLessThanOrEqual(400_000n);
  });

  it('makes calls wait for others of the run that hold the rest of it', async () => {
    rig = await startRig({ cage: { clampOutput: false } });
    rig.provider.setScript(() => ({
      text: 'short',
      latencyMs: 30,
      inputTokens: 1,
      outputTokens: 1,
    }));
    await rig.cage.withBudget('0.0001', async () => {
      await Promise.all(Array.from({ length: 5 }, () => call()));
    });
    expect(rig.provider.requests).toBe(5);
  });

  it('limits the output of a call to what the run can pay for', async () => {
    rig = await startRig();
    const clamped: number[] = [];
    rig.cage.on('clamped', ({ outputTokens }) => clamped.push(outputTokens));
    await rig.cage.withBudget('0.001', () => call({ max_tokens: 10_000 }));
    const [limit = 0] = clamped;
    expect(limit).toBeGreaterThan(1_000);
    expect(limit).toBeLessThan(1_667);
    expect(rig.provider.bill().records[0]?.body['max_tokens']).toBe(limit);
  });

  it('nests: the narrowest limit decides, and all of them count', async () => {
    rig = await startRig({ cage: { clampOutput: false } });
    rig.provider.setScript(() => ({ text: 'short', outputTokens: 100, inputTokens: 20 }));
    const { cage } = rig;
    const left = await cage.withBudget('0.0002', async (outer) => {
      await cage.withBudget('1', () => call());
      expect(nano(outer.spentUsd)).toBe(rig.provider.bill().totalNano);
      const inner = await refusalOf(cage.withBudget('0.00000001', () => call()));
      expect(inner?.details['limit']).toBe('0.000000010');
      await cage.withBudget('1', () => call());
      const error = await refusalOf(cage.withBudget('1', () => call()));
      expect(error?.details['limit']).toBe('0.000200000');
      return outer.remainingUsd;
    });
    expect(nano(left ?? '')).toBe(200_000n - rig.provider.bill().totalNano);
  });

  it('counts calls, and does not count one that was refused', async () => {
    rig = await startRig({ balanceUsd: 1 });
    const { cage } = rig;
    const outcome = await cage.withBudget({ maxCalls: 2 }, async (budget) => {
      await cage.withBudget('0', async () => refusalOf(call()));
      expect(budget.calls).toBe(0);
      const tried = await Promise.allSettled([call(), call(), call()]);
      return { tried, calls: budget.calls };
    });
    const rejected = outcome.tried.filter((each) => each.status === 'rejected');
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.reason).toBeInstanceOf(RunLimitError);
    expect(outcome.calls).toBe(2);
    expect(rig.provider.requests).toBe(2);
  });

  it('stops beginning calls when its time is over', async () => {
    rig = await startRig();
    const error = await rig.cage.withBudget({ maxSeconds: 0.05 }, async () => {
      await call();
      await new Promise((resolve) => setTimeout(resolve, 80));
      return refusalOf(call());
    });
    expect(error).toBeInstanceOf(RunLimitError);
    expect(error?.message).toContain('maxSeconds');
    expect(rig.provider.requests).toBe(1);
  });

  it.each([[0.1], ['ten'], ['-1'], [''], ['1e3']])('refuses the amount %p', async (amount) => {
    rig = await startRig();
    expect(() => rig.cage.withBudget(amount as string, () => undefined)).toThrow(
      ConfigurationError,
    );
  });

  it('charges a stream to the run in which it began', async () => {
    rig = await startRig();
    const { stream, view } = await rig.cage.withBudget('0.01', async (budget) => ({
      stream: await call({ stream: true }),
      view: budget,
    }));
    expect(view.spentUsd).toBe('0.000000000');
    await stream.text();
    expect(nano(view.spentUsd)).toBe(rig.provider.bill().totalNano);
  });
});

describe('withContext', () => {
  it('labels the usage of all calls inside, in a form that the server takes', async () => {
    rig = await startRig();
    const { cage } = rig;
    await cage.withContext({ tags: ['nightly'], run: 'r-7', member: 'ada' }, async () => {
      await Promise.all([
        call(),
        cage.withContext({ agent: 'writer', tags: ['draft'], member: 'bob' }, () => call()),
      ]);
    });
    await call();
    await cage.close();
    const tags = rig.server.records.map((record) => (record['tags'] as string[] | undefined) ?? []);
    expect(tags.map((each) => [...each].sort().join(' ')).sort()).toEqual([
      '',
      'agent:writer draft member:bob nightly run:r-7',
      'member:ada nightly run:r-7',
    ]);
    for (const record of rig.server.records) usageRecord.parse(record);
    expect(nanoTotal(rig.server.records)).toBe(rig.provider.bill().totalNano);
  });

  it.each([
    ['an empty tag', { tags: [''] }],
    ['a control character', { run: 'a\nb' }],
    ['a tag that is too long', { member: 'x'.repeat(300) }],
    ['too many tags', { tags: Array.from({ length: 21 }, (_, index) => `t${index.toString()}`) }],
  ])('refuses %s before anything is sent', async (_, attribution) => {
    rig = await startRig();
    expect(() => rig.cage.withContext(attribution, () => call())).toThrow(ConfigurationError);
    expect(rig.provider.requests).toBe(0);
  });
});

describe("mode: 'observe'", () => {
  it('lets go what would have been stopped, tells it, and books it', async () => {
    rig = await startRig({
      mode: 'observe',
      balanceUsd: 0.0001,
      cage: { mode: 'observe', clampOutput: false },
    });
    rig.provider.setScript(() => ({ text: 'short', inputTokens: 20, outputTokens: 100 }));
    const observed: string[] = [];
    const blocked: string[] = [];
    rig.cage.on('observed', ({ error, model }) => observed.push(`${error.code} ${model}`));
    rig.cage.on('blocked', ({ error }) => blocked.push(error.code));
    for (let count = 0; count < 4; count += 1) expect((await call()).status).toBe(200);
    expect((await call({ model: 'unheard-of' })).status).toBe(404);
    await rig.cage.withBudget({ maxCalls: 0 }, () => call());
    expect(observed.filter((each) => each === `BUDGET_EXCEEDED ${MINI}`).length).toBeGreaterThan(1);
    expect(observed).toContain('UNKNOWN_MODEL unheard-of');
    expect(observed).toContain(`RUN_LIMIT ${MINI}`);
    expect(blocked).toEqual([]);
    await rig.cage.close();
    expect(rig.server.records.length).toBeGreaterThanOrEqual(2);
    expect(rig.server.spentNano).toBeGreaterThan(100_000n);
  });

  it('books prompts with personal data, and calls over a limit of the program', async () => {
    rig = await startRig({ mode: 'observe', cage: { mode: 'observe' } });
    const observed: string[] = [];
    rig.cage.on('observed', ({ error }) => observed.push(error.code));
    await call({ messages: [{ role: 'user', content: 'Write to ada@example.com.' }] });
    await rig.cage.withBudget({ maxCalls: 0 }, () => call());
    expect(observed).toEqual(['PII_BLOCKED', 'RUN_LIMIT']);
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    expect(rig.provider.requests).toBe(2);
  });

  it.each([
    ['enforces', { mode: 'enforce' }, 'PII_BLOCKED'],
    ['is paused', { mode: 'observe' }, 'PROJECT_PAUSED'],
  ] as const)('stops what it should when the project %s', async (why, project, code) => {
    rig = await startRig({ ...project, cage: { mode: 'observe' } });
    if (why === 'is paused') rig.server.project = 'paused';
    const text = why === 'is paused' ? 'Hello.' : 'Write to ada@example.com.';
    const refused = call({ messages: [{ role: 'user', content: text }] });
    expect((await refusalOf(refused))?.code).toBe(code);
    expect(rig.provider.requests).toBe(0);
  });

  it('still gives keys to nobody else', async () => {
    rig = await startRig({ mode: 'observe', cage: { mode: 'observe' } });
    const stolen = rig.cage.fetch('http://127.0.0.2:9/', {
      headers: { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` },
    });
    expect((await refusalOf(stolen))?.code).toBe('SECRET_HOST_NOT_ALLOWED');
  });
});

describe('requestBudget', () => {
  it('sends what the server asks for, once, though the first answer is lost', async () => {
    rig = await startRig();
    const bodies: Record<string, unknown>[] = [];
    rig.server.intercept = (route, body) => {
      if (route !== 'POST /v1/sdk/budget-requests') return undefined;
      bodies.push(body);
      if (bodies.length === 1) return { status: 500, drop: 'before' };
      return { status: 201, body: { ...body, state: 'open' } };
    };
    const asked = await rig.cage.requestBudget({ amount: '5', reason: 'The nightly run grew.' });
    expect(asked).toMatchObject({ state: 'open', amountUsd: '5.000000000' });
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toEqual(bodies[0]);
    askAsAgent.body?.parse(bodies[0]);
  });

  it('hands on the refusal, and refuses nonsense itself', async () => {
    rig = await startRig();
    rig.server.intercept = (route) =>
      route === 'POST /v1/sdk/budget-requests'
        ? { status: 409, body: refusal('TOO_MANY_REQUESTS_OPEN') }
        : undefined;
    const error = await refusalOf(rig.cage.requestBudget({ amount: '5', reason: 'More.' }));
    expect(error?.message).toContain('TOO_MANY_REQUESTS_OPEN');
    const wrong = await refusalOf(rig.cage.requestBudget({ amount: '$5', reason: 'More.' }));
    expect(wrong).toBeInstanceOf(ConfigurationError);
    expect(await refusalOf(rig.cage.requestBudget({ amount: '5', reason: ' ' }))).toBeInstanceOf(
      ConfigurationError,
    );
  });
});
