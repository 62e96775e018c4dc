import { newId } from '../../src/kernel/ids.js';
import { Installation, type ProjectFixture, usage } from '../harness/installation.js';
import { query } from '../harness/people.js';
import { Agent, codeOf, removeAllBudgets } from './budgets-rig.js';

/** A billion dollars: the most that one amount may be. */
const MOST = '1000000000';

const BAD_AMOUNTS = [
  '-1', '-0.000000001', '+1', '1e3', '1E-3', 'NaN', 'Infinity', '-Infinity', '', ' 1', '1 ', '1.', '.5', '01', '00', '0.0000000001', '1,5',
  '0x1', '１', '1_000', '$1', '1000000000.000000001', '9999999999', '9223372036854775808', '99999999999999999999999999', '1/2', 'null',
  1, 0.5, null, true, [], {}, ['1'],
] as const; // prettier-ignore

describe('bad input to budgets', () => {
  let site: Installation;
  let project: ProjectFixture;
  let budgetId: string;

  beforeAll(async () => {
    site = await Installation.start();
    project = await site.project({ deposit: '1' });
    budgetId = (
      await site.must('POST', '/v1/budgets', {
        scope: 'project',
        scopeId: project.id,
        window: 'day',
        limit: '1',
      })
    )['id'] as string;
  });
  afterAll(() => site.stop());
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
  });

  const send = (method: string, path: string, body: unknown, token = site.token) =>
    site.as(token, method, path, body);
  const budget = (fields: object) =>
    send('POST', '/v1/budgets', {
      scope: 'project',
      scopeId: project.id,
      window: 'day',
      limit: '1',
      ...fields,
    });
  const reason = 'why not';
  type Field = readonly [
    name: string,
    mayBeZero: boolean,
    send: (amount: unknown) => ReturnType<typeof send>,
  ];
  const fields: readonly Field[] = [
    ['the limit of a new budget', true, (limit) => budget({ limit })],
    ['the limit of a budget', true, (limit) => send('PATCH', `/v1/budgets/${budgetId}`, { limit })],
    [
      'a raise',
      false,
      (amount) =>
        send('POST', `/v1/budgets/${budgetId}/raises`, { requestId: newId(), amount, reason }),
    ],
    [
      'a request',
      false,
      (amount) =>
        send('POST', '/v1/budget-requests', { id: newId(), projectId: project.id, amount, reason }),
    ],
    [
      'a request of an agent',
      false,
      (amount) =>
        send('POST', '/v1/sdk/budget-requests', { id: newId(), amount, reason }, project.key),
    ],
    [
      'a refill',
      false,
      (amount) =>
        send('POST', `/v1/projects/${project.id}/refills`, { mode: 'add', amount, window: 'day' }),
    ],
    [
      'the cap of a refill',
      false,
      (cap) =>
        send('POST', `/v1/projects/${project.id}/refills`, {
          mode: 'add-with-cap',
          amount: '1',
          cap,
          window: 'day',
        }),
    ],
    [
      'a velocity',
      false,
      (velocityLimit) =>
        send('PATCH', `/v1/projects/${project.id}`, {
          policy: { velocityLimit: velocityLimit === null ? 'null' : velocityLimit },
        }),
    ],
  ];

  it.each(fields)('as %s is refused and changes nothing', async (_name, mayBeZero, post) => {
    const count = () =>
      query(
        site,
        'SELECT (SELECT count(*) FROM budgets) AS budgets, (SELECT count(*) FROM budget_raises) AS raises, (SELECT count(*) FROM budget_requests) AS asks, (SELECT count(*) FROM refills) AS refills, (SELECT sum(deposited_nano) FROM accounts) AS money, (SELECT sum(limit_nano) FROM budgets) AS limits',
      );
    const before = await count();
    const zeros = mayBeZero ? [] : ['0', '0.000000000', '-0'];
    for (const amount of [...BAD_AMOUNTS, ...zeros]) {
      const answer = await post(amount);
      expect({ amount, status: answer.status, code: codeOf(answer) }).toEqual({
        amount,
        status: 422,
        code: 'VALIDATION_FAILED',
      });
    }
    expect(await count()).toEqual(before);
  });

  it.each([
    '-0',
    '0',
    '-0.000000000',
    '--1',
    '-',
    '-.5',
    '1e3',
    'NaN',
    '-1000000000.000000001',
    '-9999999999',
    '+1',
    '− 1',
    5,
    null,
  ])('%j as a correction is refused', async (amount) => {
    const answer = await send('POST', `/v1/projects/${project.id}/corrections`, {
      requestId: newId(),
      amount,
      reason,
    });
    expect(answer.status).toBe(422);
  });

  it.each(['', 'hour', 'year', 'Day', 'day ', 'daily', null, 1, ['day']])(
    '%j as a window is refused',
    async (window) => {
      expect((await budget({ window })).status).toBe(422);
      expect(
        (
          await send('POST', `/v1/projects/${project.id}/refills`, {
            mode: 'add',
            amount: '1',
            window,
          })
        ).status,
      ).toBe(422);
    },
  );

  it.each([
    ['POST', '/v1/prices/overrides', { provider: 'openai', model: 'gpt-*', rates: { input: '1', output: '1' }, from: '0000-01-01', reason: 'x' }],
    ['GET', '/v1/usage?to=0000-01-01T00:00:00Z', undefined],
    ['GET', '/v1/usage?to=9999-12-31T23:59:59Z', undefined],
    ['GET', '/v1/prices/recompute?to=0000-01-01T00:00:00Z', undefined],
    ['GET', '/v1/audit?from=0000-01-01T00:00:00Z', undefined],
  ])('%s %s: a year that no part reads alike is refused', async (method, path, body) => {
    expect(await send(method, path, body)).toMatchObject({
      status: 422,
      body: { error: { code: 'VALIDATION_FAILED', message: expect.stringContaining('between 1000 and 9998') } },
    });
  }); // prettier-ignore

  it('a place in the ledger in the year 0 is none of ours', async () => {
    const cursor = `0000-01-01T00:00:00.000000Z_${newId()}`;
    expect(
      await send('GET', `/v1/projects/${project.id}/ledger?cursor=${cursor}`, undefined),
    ).toMatchObject({ status: 422 });
  });

  it('an archived project is refilled no more, and gets no new refill', async () => {
    const old = await site.project();
    const refill = { mode: 'add', amount: '1', window: 'day' };
    const path = `/v1/projects/${old.id}/refills`;
    const { id } = await site.must('POST', path, refill);
    await site.must('POST', `/v1/projects/${old.id}/archive`);
    await query(site, `UPDATE refills SET last_start = last_start - 1 WHERE id = $1`, [id]);
    const refused = await send('POST', path, refill);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'PROJECT_ARCHIVED']);
    // Makes those of the organization that are due.
    await site.must('POST', `/v1/projects/${project.id}/refills`, refill);
    expect((await site.balance(old.id)).deposited).toBe('1.000000000');
  });

  it('a total as the window of a refill is refused', async () => {
    expect(
      (
        await send('POST', `/v1/projects/${project.id}/refills`, {
          mode: 'add',
          amount: '1',
          window: 'total',
        })
      ).status,
    ).toBe(422);
  });

  it.each([
    '',
    'Mars/Olympus',
    'CET+1',
    '+02:00',
    'UTC; DROP TABLE budgets',
    'Europe/Berlin ',
    '../etc/passwd',
    'x'.repeat(65),
    2,
    null,
  ])('%j as a time zone is refused', async (timeZone) => {
    expect((await send('PATCH', '/v1/organization', { timeZone })).status).toBe(422);
  });

  it.each([0, 29, 31, 1.5, '15', -1, null])(
    '%j as the first day of a month is refused',
    async (monthStartsOn) => {
      expect((await send('PATCH', '/v1/organization', { monthStartsOn })).status).toBe(422);
    },
  );

  it.each([
    ['an unknown scope', { scope: 'team' }, 422],
    ['a scope without its id', { scope: 'project', scopeId: undefined }, 422],
    ['a project that is not there', { scopeId: '01a20751-a60f-7000-8f19-4be017a55267' }, 404],
    ['a project by name', { scopeId: 'Research' }, 404],
    ['a key that is not there', { scope: 'key', scopeId: 'zzzzzzzz' }, 404],
    ['a member that is not there', { scope: 'member', scopeId: 'rosa' }, 404],
    ['an id that is too long', { scopeId: 'x'.repeat(65) }, 422],
    ['an id with a NUL in it', { scopeId: 'a\u0000b' }, 422],
    ['an unknown field', { limits: '1' }, 422],
    ['a glob with spaces', { models: ['gpt 5'] }, 422],
    ['an empty glob', { models: [''] }, 422],
    ['a glob that is too long', { models: ['x'.repeat(101)] }, 422],
    ['too many globs', { models: Array(51).fill('gpt-5') }, 422],
    ['an empty tag', { tags: [''] }, 422],
    ['a tag with a NUL in it', { tags: ['a\u0000b'] }, 422],
    ['a tag with half a character in it', { tags: ['a\udc00b'] }, 422],
    ['too many tags', { tags: Array(51).fill('night') }, 422],
    ['a list that is no list', { models: 'gpt-5' }, 422],
  ])('%s is refused', async (_name, bad, status) => {
    expect((await budget(bad)).status).toBe(status);
  });

  it.each([
    ['a cap without its mode', { mode: 'add', cap: '1' }],
    ['a mode without its cap', { mode: 'add-with-cap' }],
    ['an unknown mode', { mode: 'multiply' }],
  ])('%s in a refill is refused', async (_name, bad) => {
    expect(
      (
        await send('POST', `/v1/projects/${project.id}/refills`, {
          amount: '1',
          window: 'day',
          ...bad,
        })
      ).status,
    ).toBe(422);
  });

  it.each([
    'x',
    '',
    '01A20751-A60F-7000-8F19-4BE017A55267',
    '00000000-0000-0000-0000-000000000000',
    7,
    null,
  ])('%j as a request id is refused', async (id) => {
    expect(
      (await send('POST', `/v1/budgets/${budgetId}/raises`, { requestId: id, amount: '1', reason }))
        .status,
    ).toBe(422);
    expect(
      (
        await send('POST', '/v1/budget-requests', {
          id,
          projectId: project.id,
          amount: '1',
          reason,
        })
      ).status,
    ).toBe(422);
    expect(
      (
        await send('POST', `/v1/projects/${project.id}/corrections`, {
          requestId: id,
          amount: '1',
          reason,
        })
      ).status,
    ).toBe(422);
  });

  it.each([
    '',
    ' ',
    'x'.repeat(201),
    'two\nlines',
    'a\u0000b',
    'half \ud83d a pair',
    null,
    undefined,
  ])('%j as a reason is refused', async (bad) => {
    expect(
      (
        await send('POST', `/v1/budgets/${budgetId}/raises`, {
          requestId: newId(),
          amount: '1',
          reason: bad,
        })
      ).status,
    ).toBe(422);
    expect(
      (
        await send('POST', '/v1/budget-requests', {
          id: newId(),
          projectId: project.id,
          amount: '1',
          reason: bad,
        })
      ).status,
    ).toBe(422);
    expect(
      (
        await send('POST', `/v1/projects/${project.id}/corrections`, {
          requestId: newId(),
          amount: '1',
          reason: bad,
        })
      ).status,
    ).toBe(422);
  });

  it.each(['tomorrow', '2030-01-01', '2030-13-01T00:00:00Z', '2030-01-01T00:00:00+02:00', 1, null])(
    '%j as the end of a raise is refused',
    async (endsAt) => {
      expect(
        (
          await send('POST', `/v1/budgets/${budgetId}/raises`, {
            requestId: newId(),
            amount: '1',
            reason,
            endsAt,
          })
        ).status,
      ).toBe(422);
    },
  );

  it.each(['a\u0000b', 'half \ud83d a pair', 'tab\there'])(
    '%j in a usage record is refused, and spoils no other report',
    async (text) => {
      const agent = await Agent.start(site, project);
      const leases = await Promise.all(
        Array.from({ length: 4 }, () => agent.lease({ wanted: '0.01' })),
      );
      const bad = [{ model: text }, { provider: text }, { pricesVersion: text }, { tags: [text] }];
      const answers = await Promise.all([
        ...bad.map((fields) => agent.settle(leases[0]!, { usage: [usage({ output: 1 }, fields)] })),
        ...leases.map((id) => agent.settle(id)),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([422, 422, 422, 422, 200, 200, 200, 200]);
    },
  );

  it.each(['%00', 'x', '..%2f..', '%27%20OR%201=1'])(
    'the path /v1/budgets/%s is refused',
    async (id) => {
      for (const [method, body] of [
        ['PATCH', { limit: '1' }],
        ['DELETE', undefined],
      ] as const) {
        const { status } = await send(method, `/v1/budgets/${id}`, body);
        expect([400, 404, 422]).toContain(status);
      }
    },
  );
});

describe('amounts at the end of what a number can hold', () => {
  let site: Installation;
  let project: ProjectFixture;
  let agent: Agent;

  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    project = await site.project({ deposit: '1' });
    agent = await Agent.start(site, project);
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    await removeAllBudgets(site);
  });

  const deposit = (amount = MOST) =>
    site.as(site.token, 'POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount,
    });
  const dear = (cost = MOST) =>
    usage({}, { id: newId(), provider: 'nobody', model: 'unknown', cost });
  const never500 = async (
    send: () => ReturnType<typeof deposit>,
    times: number,
  ): Promise<Set<number>> => {
    const statuses = new Set<number>();
    for (let i = 0; i < times; i++) statuses.add((await send()).status);
    expect(statuses).not.toContain(500);
    return statuses;
  };

  it('deposits end at four billion dollars', async () => {
    expect(await never500(() => deposit(), 6)).toEqual(new Set([201, 409]));
    expect(await site.balance(project.id)).toMatchObject({ deposited: '3000000001.000000000' });
    expect((await deposit('999999999')).status).toBe(201);
    expect((await deposit('0.000000001')).status).toBe(409);
  });

  it('corrections end there too, in both directions', async () => {
    const correct = (amount: string) =>
      site.as(site.token, 'POST', `/v1/projects/${project.id}/corrections`, {
        requestId: newId(),
        amount,
        reason: 'x',
      });
    expect(await never500(() => correct(MOST), 6)).toEqual(new Set([201, 409]));
    expect(await never500(() => correct(`-${MOST}`), 6)).toEqual(new Set([201, 409]));
  });

  it('a dry run lends huge amounts until they no longer fit', async () => {
    await site.must('PATCH', `/v1/projects/${project.id}`, { policy: { mode: 'observe' } });
    const statuses = await never500(() => agent.acquire({ wanted: MOST, minimum: MOST }), 12);
    expect(statuses).toContain(201);
    expect((await agent.acquire({ wanted: '0.1' })).status).not.toBe(500);
    await site.must('POST', `/v1/keys/${project.keyId}/leases/revoke`);
    expect(await site.balance(project.id)).toMatchObject({
      leased: '0.000000000',
      debt: '0.000000000',
    });
  });

  it('a report that no account can hold is refused, and the next one is booked', async () => {
    const leaseId = await agent.lease();
    const report = (lines: number) =>
      agent.settle(leaseId, { usage: Array.from({ length: lines }, () => dear()) });
    expect([409, 422]).toContain((await report(20)).status);
    expect([409, 422]).toContain((await report(10)).status);
    expect((await agent.settle(leaseId, { usage: [dear('0.25')] })).body).toMatchObject({
      booked: '0.250000000',
      state: 'SETTLED',
    });
  });

  it('a call that costs more than any does is refused, and counts in no budget', async () => {
    await site.must('POST', '/v1/budgets', { scope: 'organization', window: 'total', limit: '1' });
    const leaseId = await agent.lease();
    const statuses = await never500(
      () => agent.settle(leaseId, { final: false, usage: [dear()] }),
      3,
    );
    expect(statuses).toEqual(new Set([422]));
    const dearest = Array.from({ length: 100 }, () => dear('10000'));
    expect((await agent.settle(leaseId, { final: false, usage: dearest })).status).toBe(200);
    expect((await site.as(site.token, 'GET', '/v1/budgets')).status).toBe(200);
    const other = await Agent.start(site, await site.project({ deposit: '1' }));
    expect((await other.acquire()).status).toBe(402);
  });

  it('amounts above 2⁵³ nano-dollars keep every digit', async () => {
    await deposit('9007199.254740993');
    const wish = { wanted: '9007199.254740993', minimum: '9007199.254740993' };
    expect((await agent.acquire(wish)).body).toMatchObject({ amount: '9007199.254740993' });
    expect(await site.balance(project.id)).toMatchObject({
      leased: '9007199.254740993',
      available: '1.000000000',
    });
  });
});
