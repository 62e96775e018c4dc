import { newId } from '../../src/kernel/ids.js';
import { Installation, type Json, type ProjectFixture, usage } from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';
import { expectSoundHistory, type Query } from '../property/history.js';
import { Agent, atOnce, removeAllBudgets } from './budgets-rig.js';

const DAY_MS = 86_400_000;

describe('budgets over HTTP', () => {
  let site: Installation;
  let ownerId: string;
  let project: ProjectFixture;
  let agent: Agent;

  beforeAll(async () => {
    site = await Installation.start();
    ownerId = (await site.must('GET', '/v1/auth/me'))['userId'] as string;
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    project = await site.project({ deposit: '100' });
    agent = await Agent.start(site, project);
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    await removeAllBudgets(site);
  });

  type Scope = 'organization' | 'project' | 'member' | 'key';
  const scopeIdOf = (scope: Scope): string =>
    ({
      organization: site.organizationId,
      project: project.id,
      member: ownerId,
      key: project.keyId,
    })[scope];
  const create = (fields: object = {}) =>
    site.must('POST', '/v1/budgets', {
      scope: 'project',
      scopeId: project.id,
      window: 'day',
      limit: '0.3',
      ...fields,
    });
  const show = async (id: string): Promise<Json> => {
    const { items } = await site.must<{ items: Json[] }>('GET', '/v1/budgets');
    return items.find((item) => item['id'] === id) ?? {};
  };
  const raise = (id: string, fields: object = {}, token = site.token) =>
    site.as(token, 'POST', `/v1/budgets/${id}/raises`, {
      requestId: newId(),
      amount: '1',
      reason: 'a busy day',
      ...fields,
    });
  const change = (id: string, fields: object, token = site.token) =>
    site.as(token, 'PATCH', `/v1/budgets/${id}`, fields);

  it.each([
    ['organization', 'Acme'],
    ['project', undefined],
    ['member', 'Rosa Owner'],
    ['key', 'agent'],
  ] as const)(
    'lend what a budget of the %s leaves, and then refuse with everything that one needs to know',
    async (scope, name) => {
      const scopeId = scopeIdOf(scope);
      const budget = await create({
        scope,
        scopeId: scope === 'organization' ? undefined : scopeId,
      });
      expect(budget).toMatchObject({
        scope,
        scopeId,
        scopeName: name ?? project.name,
        limit: '0.300000000',
        available: '0.300000000',
      });
      expect((await agent.acquire()).body).toMatchObject({
        amount: '0.300000000',
        nextResetAt: budget['nextResetAt'],
      });
      const refused = await agent.acquire({ minimum: '0.01' });
      expect(refused).toMatchObject({
        status: 402,
        body: {
          error: {
            code: 'BUDGET_EXCEEDED',
            details: {
              scope,
              scopeId,
              scopeName: name ?? project.name,
              budgetId: budget['id'],
              window: 'day',
              limit: '0.300000000',
              spent: '0.000000000',
              leased: '0.300000000',
              available: '0.000000000',
              minimum: '0.010000000',
              nextResetAt: budget['nextResetAt'],
            },
          },
        },
      });
      expect(refused.body['error'].message).toContain(
        `The day's budget of ${scope} "${name ?? project.name}"`,
      );
      expect(await show(budget['id'])).toMatchObject({
        leased: '0.300000000',
        spent: '0.000000000',
        available: '0.000000000',
      });
    },
  );

  it.each(['organization', 'project', 'member', 'key'] as const)(
    'a budget of a %s limits nobody else',
    async (scope) => {
      await create({
        scope,
        scopeId: scope === 'organization' ? undefined : scopeIdOf(scope),
        limit: '0',
      });
      const neighbour = await Agent.start(site, await site.project({ deposit: '1' }));
      // The owner made the neighbour's key too.
      const same = scope === 'organization' || scope === 'member';
      expect((await neighbour.acquire()).status).toBe(same ? 402 : 201);
      expect((await agent.acquire()).status).toBe(402);
    },
  );

  it('a budget of a member follows who made the key', async () => {
    const admin = await signInAs(site, 'admin');
    const { userId: adminId } = (await site.as(admin, 'GET', '/v1/auth/me')).body;
    await create({ scope: 'member', scopeId: adminId, limit: '0' });
    expect((await agent.acquire()).status).toBe(201);
    const made = await site.as(admin, 'POST', `/v1/projects/${project.id}/keys`, {
      name: 'of admin',
      environment: 'dev',
    });
    const other = await Agent.start(site, { ...project, key: made.body['secret'] as string });
    expect((await other.acquire()).status).toBe(402);
  });

  it('every budget must have room, and the one that has least refuses', async () => {
    await create({ limit: '5' });
    const tight = await create({
      scope: 'key',
      scopeId: project.keyId,
      window: 'week',
      limit: '0.2',
    });
    await create({ scope: 'organization', scopeId: undefined, window: 'month', limit: '50' });
    expect((await agent.acquire()).body).toMatchObject({ amount: '0.200000000' });
    expect((await agent.acquire()).body['error'].details).toMatchObject({
      budgetId: tight['id'],
      window: 'week',
      scope: 'key',
    });
    expect((await agent.acquire()).body['error'].message).toMatch(/^The week's budget/);
  });

  it('nothing is taken where one budget refuses', async () => {
    const wide = await create({ limit: '5' });
    await create({ scope: 'key', scopeId: project.keyId, limit: '0.2' });
    expect((await agent.acquire({ wanted: '0.5', minimum: '0.200000001' })).status).toBe(402);
    expect(await show(wide['id'])).toMatchObject({ leased: '0.000000000' });
    expect(await site.balance(project.id)).toMatchObject({ leased: '0.000000000' });
  });

  it.each(['UTC', 'Pacific/Auckland', 'America/St_Johns', 'Asia/Kathmandu'])(
    'windows start in the calendar of %s',
    async (timeZone) => {
      await site.must('PATCH', '/v1/organization', { timeZone, monthStartsOn: 15 });
      const today = new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date());
      const at = new Date(`${today}T00:00:00Z`);
      const monday = new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY_MS)
        .toISOString()
        .slice(0, 10);
      const month = new Date(
        Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - (at.getUTCDate() < 15 ? 1 : 0), 15),
      );
      const starts = {
        day: today,
        week: monday,
        month: month.toISOString().slice(0, 10),
        total: '0001-01-01',
      };
      for (const [window, windowStart] of Object.entries(starts)) {
        const budget = await create({ window });
        expect(budget).toMatchObject({ window, windowStart });
        if (window === 'total') {
          expect(budget['nextResetAt']).toBeNull();
          continue;
        }
        const reset = new Date(budget['nextResetAt'] as string);
        expect(reset.getTime()).toBeGreaterThan(Date.now());
        const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(
          reset,
        );
        expect(clock).toBe('00:00:00');
      }
      await site.must('PATCH', '/v1/organization', { timeZone: 'UTC', monthStartsOn: 1 });
    },
  );

  it('a total never starts anew, and says so', async () => {
    await create({ window: 'total', limit: '0.5' });
    expect((await agent.acquire()).body).toMatchObject({ nextResetAt: null });
    expect((await agent.acquire()).body['error']).toMatchObject({
      details: { window: 'total', nextResetAt: null },
    });
  });

  /** Makes today's windows and leases of a budget yesterday's. */
  const nextDay = async (budgetId: string): Promise<void> => {
    await query(site, `UPDATE budget_windows SET start = start - 1 WHERE budget_id = $1`, [
      budgetId,
    ]);
    await query(
      site,
      `UPDATE leases SET scopes = (SELECT coalesce(jsonb_agg(CASE WHEN s->>'budgetId' = $2 THEN s || jsonb_build_object('start', ((s->>'start')::date - 1)::text) ELSE s END), '[]')
         FROM jsonb_array_elements(scopes) s) WHERE project_id = $1`,
      [project.id, budgetId],
    );
    await query(
      site,
      `UPDATE settlements SET budgets = (SELECT coalesce(jsonb_agg(CASE WHEN s->>'budgetId' = $2 THEN s || jsonb_build_object('start', ((s->>'start')::date - 1)::text) ELSE s END), '[]')
         FROM jsonb_array_elements(budgets) s) WHERE project_id = $1`,
      [project.id, budgetId],
    );
  };

  it('a new day starts with the whole limit, and a lease of yesterday stays in yesterday', async () => {
    const budget = await create({ limit: '0.5' });
    await agent.spend(50_000); // $0.10
    const old = await agent.lease();
    expect((await agent.acquire()).status).toBe(402);
    await nextDay(budget['id']);
    expect(await show(budget['id'])).toMatchObject({
      spent: '0.000000000',
      leased: '0.000000000',
      available: '0.500000000',
    });
    await agent.settle(old, { usage: [usage({ output: 100_000 })] }); // $0.20 of yesterday's $0.40
    expect(await show(budget['id'])).toMatchObject({ spent: '0.000000000', leased: '0.000000000' });
    expect((await agent.acquire()).body).toMatchObject({ amount: '0.500000000' });
    const windows = await query(
      site,
      'SELECT settled_nano, reserved_nano FROM budget_windows WHERE budget_id = $1 ORDER BY start',
      [budget['id']],
    );
    expect(windows).toEqual([
      { settled_nano: 300_000_000n, reserved_nano: 0n },
      { settled_nano: 0n, reserved_nano: 500_000_000n },
    ]);
  });

  it('model globs limit what matches them, and an agent that does not say which model it is for', async () => {
    await create({ limit: '0.1', models: ['gpt-5*', '*:free'] });
    const purpose = (...models: string[]) => ({ purpose: { models } });
    expect((await agent.acquire({ ...purpose('gpt-5-mini'), minimum: '0.2' })).status).toBe(402);
    expect((await agent.acquire({ ...purpose('GPT-5'), minimum: '0.2' })).status).toBe(402);
    expect((await agent.acquire({ ...purpose('x:free'), minimum: '0.2' })).status).toBe(402);
    expect((await agent.acquire({ minimum: '0.2' })).status).toBe(402);
    expect(
      (await agent.acquire({ ...purpose('claude-haiku-4-5', 'gpt-5'), minimum: '0.2' })).status,
    ).toBe(402);
    expect((await agent.acquire({ ...purpose('claude-haiku-4-5'), minimum: '0.2' })).status).toBe(
      201,
    );
    expect((await agent.acquire({ ...purpose('not-gpt-5'), minimum: '0.2' })).status).toBe(201);
  });

  it('tags limit what carries one of them', async () => {
    await create({ limit: '0.1', tags: ['night', 'batch'] });
    const wish = (...tags: string[]) => ({
      minimum: '0.2',
      purpose: { models: ['gpt-5-mini'], tags },
    });
    expect((await agent.acquire(wish('batch'))).status).toBe(402);
    expect((await agent.acquire(wish('day', 'night'))).status).toBe(402);
    expect((await agent.acquire(wish('day'))).status).toBe(201);
    expect((await agent.acquire({ minimum: '0.2' })).status).toBe(402);
  });

  it('usage counts against what it was, whatever the lease was for', async () => {
    const gpt = await create({ limit: '0.3', models: ['gpt-*'] });
    const night = await create({ limit: '9', tags: ['night'] });
    const wish = { purpose: { models: ['claude-haiku-4-5'], tags: [] } };
    await agent.spend(100_000, { wish, line: { tags: ['night'] } }); // $0.20 of gpt-5-mini, not announced
    expect(await show(gpt['id'])).toMatchObject({ spent: '0.200000000', available: '0.100000000' });
    expect(await show(night['id'])).toMatchObject({ spent: '0.200000000' });
    await agent.spend(100_000, { wish });
    expect(await show(gpt['id'])).toMatchObject({ spent: '0.400000000', available: '0.000000000' });
    expect((await agent.acquire({ purpose: { models: ['gpt-5-mini'] } })).status).toBe(402);
  });

  it('one limit holds for a crowd over two projects, to the nano-dollar', async () => {
    await create({ scope: 'organization', scopeId: undefined, limit: '1.000000001' });
    const other = await Agent.start(site, await site.project({ deposit: '100' }));
    const wish = { wanted: '0.03', minimum: '0.03' };
    const answers = await atOnce(80, (index) => (index % 2 === 0 ? agent : other).acquire(wish));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(33);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(47);
    expect((await agent.acquire({ wanted: '0.010000002', minimum: '0.010000002' })).status).toBe(
      402,
    );
    expect((await agent.acquire({ wanted: '0.010000001', minimum: '0.010000001' })).status).toBe(
      201,
    );
    const ask: Query = (sql, parameters) => query(site, sql, parameters);
    await expectSoundHistory(ask, site.organizationId);
  });

  it('a limit of zero means nothing', async () => {
    await create({ limit: '0' });
    expect((await agent.acquire({ wanted: '0.000000001' })).status).toBe(402);
  });

  it('a limit below what is spent refuses until the window ends, and one above lends again', async () => {
    const budget = await create({ limit: '1' });
    await agent.spend(150_000); // $0.30
    expect((await change(budget['id'], { limit: '0.1' })).body).toMatchObject({
      limit: '0.100000000',
      spent: '0.300000000',
      available: '0.000000000',
    });
    expect((await agent.acquire()).body['error'].details).toMatchObject({
      limit: '0.100000000',
      spent: '0.300000000',
      available: '0.000000000',
    });
    await change(budget['id'], { limit: '0.35' });
    expect((await agent.acquire()).body).toMatchObject({ amount: '0.050000000' });
    await nextDay(budget['id']);
    expect((await agent.acquire()).body).toMatchObject({ amount: '0.350000000' });
  });

  it('a change of models changes what is limited', async () => {
    const budget = await create({ limit: '0', models: ['gpt-*'] });
    const wish = { purpose: { models: ['gpt-5'] } };
    expect((await agent.acquire(wish)).status).toBe(402);
    expect((await change(budget['id'], { models: ['claude-*'], tags: ['x'] })).body).toMatchObject({
      models: ['claude-*'],
      tags: ['x'],
      limit: '0.000000000',
    });
    expect((await agent.acquire(wish)).status).toBe(201);
  });

  it('a removed budget limits nothing, keeps what it counted, and is gone', async () => {
    const budget = await create({ limit: '0.5' });
    const lease = await agent.lease();
    expect((await agent.acquire()).status).toBe(402);
    await site.must('DELETE', `/v1/budgets/${budget['id']}`);
    expect((await agent.acquire()).status).toBe(201);
    expect((await agent.settle(lease, { usage: [usage({ output: 1_000 })] })).status).toBe(200);
    const path = `/v1/budgets/${budget['id']}`;
    expect((await site.as(site.token, 'DELETE', path)).status).toBe(404);
    expect((await change(budget['id'], { limit: '1' })).status).toBe(404);
    expect((await raise(budget['id'])).status).toBe(404);
    expect(await show(budget['id'])).toEqual({});
  });

  it('a list can be narrowed to a scope', async () => {
    const [mine] = [
      await create(),
      await create({ scope: 'key', scopeId: project.keyId }),
      await create({ scope: 'organization', scopeId: undefined }),
    ];
    const list = (filter: string) =>
      site.must<{ items: Json[] }>('GET', `/v1/budgets?${filter}`).then(({ items }) => items);
    expect(await list(`scope=project&scopeId=${project.id}`)).toMatchObject([{ id: mine['id'] }]);
    expect(await list('scope=key')).toMatchObject([{ scopeId: project.keyId }]);
    expect(await list('')).toHaveLength(3);
  });

  describe('raises', () => {
    it('lift a limit until they end', async () => {
      const budget = await create({ limit: '0.3' });
      await agent.lease();
      expect((await raise(budget['id'], { amount: '0.2' })).body).toMatchObject({
        limit: '0.300000000',
        raised: '0.200000000',
        available: '0.200000000',
      });
      expect((await agent.acquire({ wanted: '0.1' })).body).toMatchObject({
        amount: '0.100000000',
      });
      await query(
        site,
        `UPDATE budget_raises SET starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour' WHERE budget_id = $1`,
        [budget['id']],
      );
      expect(await show(budget['id'])).toMatchObject({
        raised: '0.000000000',
        leased: '0.400000000',
        available: '0.000000000',
      });
      expect((await agent.acquire()).body['error'].details).toMatchObject({
        limit: '0.300000000',
        leased: '0.400000000',
        available: '0.000000000',
      });
    });

    it('end with the window unless told otherwise, and add up', async () => {
      const budget = await create({ window: 'week' });
      await raise(budget['id']);
      const endsAt = new Date(Date.now() + 3_600_000).toISOString();
      expect((await raise(budget['id'], { amount: '0.5', endsAt })).body).toMatchObject({
        raised: '1.500000000',
      });
      const rows = await query<{ ends_at: Date }>(
        site,
        'SELECT ends_at FROM budget_raises WHERE budget_id = $1 ORDER BY amount_nano DESC',
        [budget['id']],
      );
      expect(rows.map(({ ends_at }) => ends_at.toISOString())).toEqual([
        budget['nextResetAt'],
        endsAt,
      ]);
    });

    it('of a total need an end', async () => {
      const budget = await create({ window: 'total' });
      expect((await raise(budget['id'])).status).toBe(422);
      expect(
        (await raise(budget['id'], { endsAt: new Date(Date.now() + DAY_MS).toISOString() })).status,
      ).toBe(201);
    });

    it.each([
      ['in the past', -1_000],
      ['more than a year away', 400 * DAY_MS],
    ])('with an end that is %s are refused', async (_name, offset) => {
      const budget = await create();
      expect(
        (await raise(budget['id'], { endsAt: new Date(Date.now() + offset).toISOString() })).status,
      ).toBe(422);
    });

    it('happen once for one request id, however often it is sent at the same time', async () => {
      const [budget, other] = [await create(), await create()];
      const requestId = newId();
      const answers = await atOnce(10, () => raise(budget['id'], { requestId }));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
      expect(await show(budget['id'])).toMatchObject({ raised: '1.000000000' });
      expect((await raise(budget['id'], { requestId, amount: '2' })).status).toBe(409);
      expect((await raise(budget['id'], { requestId, reason: 'another one' })).status).toBe(409);
      expect((await raise(other['id'], { requestId })).status).toBe(409);
      expect(await show(other['id'])).toMatchObject({ raised: '0.000000000' });
      const [{ audited }] = (await query<{ audited: number }>(
        site,
        `SELECT count(*)::int AS audited FROM audit_events WHERE action = 'budget.raise' AND target = $1`,
        [`budget:${budget['id']}`],
      )) as [{ audited: number }];
      expect(audited).toBe(1);
    });

    it('end at four billion dollars, and the budget can still be read', async () => {
      const budget = await create({ limit: '1000000000' });
      const answers = await atOnce(12, () => raise(budget['id'], { amount: '1000000000' }));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
      expect((await site.as(site.token, 'GET', '/v1/budgets')).status).toBe(200);
      expect((await agent.acquire()).status).toBe(201);
    });
  });

  it('people of other organizations see and change nothing', async () => {
    const budget = await create();
    const other = await secondOrganization(site, `Other ${newId().slice(-6)}`);
    expect((await site.as(other, 'GET', '/v1/budgets')).body).toEqual({ items: [] });
    expect((await change(budget['id'], { limit: '9' }, other)).status).toBe(404);
    expect((await raise(budget['id'], {}, other)).status).toBe(404);
    expect((await site.as(other, 'DELETE', `/v1/budgets/${budget['id']}`)).status).toBe(404);
    for (const scope of ['project', 'member', 'key'] as const) {
      const foreign = { scope, scopeId: scopeIdOf(scope), window: 'day', limit: '0' };
      if (scope === 'member') continue; // The owner of both is one person.
      expect((await site.as(other, 'POST', '/v1/budgets', foreign)).status).toBe(404);
    }
    const named = {
      scope: 'organization',
      scopeId: site.organizationId,
      window: 'day',
      limit: '0',
    };
    expect((await site.as(other, 'POST', '/v1/budgets', named)).status).toBe(404);
    expect(await show(budget['id'])).toMatchObject({ limit: '0.300000000', raised: '0.000000000' });
  });
});
