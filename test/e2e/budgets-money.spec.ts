import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import {
  call,
  Installation,
  type Json,
  type ProjectFixture,
  usage,
} from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';
import { startServer, type TestServer } from '../harness/server.js';
import { Agent, atOnce, codeOf, eventsAbout, removeAllBudgets } from './budgets-rig.js';

describe('money that is asked for, comes by itself, or was booked wrong', () => {
  let site: Installation;
  let second: TestServer;
  let developer: string;
  let viewer: string;
  let stranger: string;
  let project: ProjectFixture;
  let agent: Agent;

  beforeAll(async () => {
    site = await Installation.start();
    const kek = (await readFile(path.join(site.server.dataDir, 'kek'), 'utf8')).trim();
    second = await startServer({ databaseUrl: site.server.databaseUrl, kek });
    developer = await signInAs(site, 'developer');
    viewer = await signInAs(site, 'viewer');
    stranger = await secondOrganization(site);
  });
  afterAll(async () => {
    await second.stop();
    await site.stop();
  });
  beforeEach(async () => {
    project = await site.project({ deposit: '1' });
    agent = await Agent.start(site, project);
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
    await removeAllBudgets(site);
  });

  const post = (path: string, body: object = {}, token = site.token) =>
    site.as(token, 'POST', path, body);
  const budget = (fields: object = {}) =>
    site.must('POST', '/v1/budgets', {
      scope: 'project',
      scopeId: project.id,
      window: 'day',
      limit: '0.3',
      ...fields,
    });
  const policy = (fields: object, of = project) =>
    site.must('PATCH', `/v1/projects/${of.id}`, { policy: fields });

  describe('requests for more', () => {
    const asAgent = (fields: object = {}) =>
      post(
        '/v1/sdk/budget-requests',
        { id: newId(), amount: '2', reason: 'a long job', ...fields },
        project.key,
      );
    const asMember = (fields: object = {}, token = developer) =>
      post(
        '/v1/budget-requests',
        { id: newId(), projectId: project.id, amount: '2', reason: 'a long job', ...fields },
        token,
      );
    const decide = (
      id: string,
      verdict: 'approve' | 'decline',
      fields: object = {},
      token = site.token,
    ) => post(`/v1/budget-requests/${id}/${verdict}`, fields, token);
    const lastAsk = () =>
      site.must<{ items: Json[] }>('GET', '/v1/budget-requests').then(({ items }) => items[0]);

    it('of an agent are a deposit once they are approved', async () => {
      const { status, body } = await asAgent();
      expect({ status, body }).toMatchObject({
        status: 201,
        body: {
          projectId: project.id,
          projectName: project.name,
          budgetId: null,
          amount: '2.000000000',
          state: 'open',
          requestedBy: `key:${project.keyId}`,
          decidedBy: null,
          note: null,
        },
      });
      expect(await site.balance(project.id)).toMatchObject({ deposited: '1.000000000' });
      expect((await decide(body['id'], 'approve', { note: 'go on' })).body).toMatchObject({
        state: 'approved',
        note: 'go on',
        decidedBy: expect.stringMatching(/^user:/),
      });
      expect(await site.balance(project.id)).toMatchObject({
        deposited: '3.000000000',
        available: '3.000000000',
      });
      expect(await lastAsk()).toMatchObject({ id: body['id'], state: 'approved' });
    });

    it('of a member for a budget are a raise until its window ends, of as much as the admin says', async () => {
      const { id, nextResetAt } = await budget();
      const { body } = await asMember({ budgetId: id });
      expect(body).toMatchObject({ budgetId: id, requestedBy: expect.stringMatching(/^user:/) });
      expect((await decide(body['id'], 'approve', { amount: '0.5' })).status).toBe(200);
      const { items } = await site.must<{ items: Json[] }>('GET', '/v1/budgets');
      expect(items).toMatchObject([{ id, limit: '0.300000000', raised: '0.500000000' }]);
      expect(await site.balance(project.id)).toMatchObject({ deposited: '1.000000000' });
      const [raise] = await query<{ ends_at: Date; amount_nano: bigint }>(
        site,
        'SELECT ends_at, amount_nano FROM budget_raises WHERE budget_id = $1',
        [id],
      );
      expect(raise).toEqual({
        ends_at: new Date(nextResetAt as string),
        amount_nano: 500_000_000n,
      });
    });

    it('can be declined, and are then closed', async () => {
      const { body } = await asMember();
      expect((await decide(body['id'], 'decline', { note: 'not this week' })).body).toMatchObject({
        state: 'declined',
        note: 'not this week',
      });
      expect(codeOf(await decide(body['id'], 'approve'))).toBe('CONFLICT');
      expect(codeOf(await decide(body['id'], 'decline'))).toBe('CONFLICT');
      expect(await site.balance(project.id)).toMatchObject({ deposited: '1.000000000' });
    });

    it('are decided once, whoever is first', async () => {
      const { body } = await asMember();
      const answers = await atOnce(12, (index) =>
        decide(body['id'], index % 3 === 0 ? 'decline' : 'approve'),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(11);
      const state = answers.find(({ status }) => status === 200)?.body['state'];
      expect(await site.balance(project.id)).toMatchObject({
        deposited: state === 'approved' ? '3.000000000' : '1.000000000',
      });
    });

    it('are approved side by side, more of them than there are database connections', async () => {
      const asked = await atOnce(40, () => asMember({ amount: '0.01' }));
      const answers = await Promise.all(asked.map(({ body }) => decide(body['id'], 'approve')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await site.balance(project.id)).toMatchObject({ deposited: '1.400000000' });
    });

    it('are one request for one id, also when it is sent often at the same time', async () => {
      const ask = { id: newId() };
      const answers = await atOnce(12, () => asAgent(ask));
      expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(201));
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      expect((await asAgent({ ...ask, amount: '3' })).status).toBe(409);
      expect((await asAgent({ ...ask, reason: 'another reason' })).status).toBe(409);
      expect((await asMember(ask)).status).toBe(409);
    });

    it('wait in a list that has an end', async () => {
      for (let i = 0; i < 10; i++) await atOnce(10, () => asAgent());
      expect(await asAgent()).toMatchObject({
        status: 429,
        body: { error: { code: 'TOO_MANY_REQUESTS_OPEN' } },
      });
      const page = await site.must('GET', '/v1/budget-requests?state=open&limit=7');
      expect(page['items']).toHaveLength(7);
      const rest = await site.must(
        'GET',
        `/v1/budget-requests?state=open&cursor=${page['nextCursor']}&limit=200`,
      );
      const ids = [...page['items'], ...rest['items']].map(({ id }: Json) => id);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('need a right: a viewer may not ask, a developer may not decide', async () => {
      expect((await asMember({}, viewer)).status).toBe(403);
      const { body } = await asMember();
      expect((await decide(body['id'], 'approve', {}, developer)).status).toBe(403);
      expect((await decide(body['id'], 'decline', {}, developer)).status).toBe(403);
      expect((await decide(body['id'], 'approve', {}, project.key)).status).toBe(403);
    });

    it('for a budget of another project or of its key are not there', async () => {
      const other = await site.project();
      const ofKey = await budget({ scope: 'key', scopeId: other.keyId });
      const ofProject = await budget({ scopeId: other.id });
      for (const { id } of [ofKey, ofProject]) {
        expect((await asAgent({ budgetId: id })).status).toBe(404);
        expect((await asMember({ budgetId: id })).status).toBe(404);
      }
    });

    it('of other organizations are not there', async () => {
      const { id } = await budget();
      const { body } = await asMember();
      expect((await decide(body['id'], 'approve', {}, stranger)).status).toBe(404);
      expect((await decide(body['id'], 'decline', {}, stranger)).status).toBe(404);
      expect((await asMember({}, stranger)).status).toBe(404);
      expect((await asAgent({ budgetId: newId() })).status).toBe(404);
      const theirs = (await post('/v1/projects', { name: `Theirs ${newId().slice(-6)}` }, stranger))
        .body;
      expect((await asMember({ projectId: theirs['id'], budgetId: id }, stranger)).status).toBe(
        404,
      );
      expect((await site.as(stranger, 'GET', '/v1/budget-requests')).body).toMatchObject({
        items: [],
      });
      expect((await decide(newId(), 'approve')).status).toBe(404);
    });
  });

  describe('refills', () => {
    const refill = (fields: object, of = project, url = site.url) =>
      call(url, 'POST', `/v1/projects/${of.id}/refills`, {
        token: site.token,
        body: { mode: 'add', amount: '2', window: 'day', ...fields },
      });
    const list = () =>
      site
        .must<{ items: Json[] }>('GET', `/v1/projects/${project.id}/refills`)
        .then(({ items }) => items);

    it('"add" puts the amount on top, at once and not again in the same window', async () => {
      const { status, body } = await refill({});
      expect({ status, body }).toMatchObject({
        status: 201,
        body: { mode: 'add', amount: '2.000000000', cap: null, window: 'day' },
      });
      expect(new Date(body['nextAt']).getTime()).toBeGreaterThan(Date.now());
      expect(await site.balance(project.id)).toMatchObject({ deposited: '3.000000000' });
      await refill({ mode: 'set-to', amount: '0.5' }); // Makes the server look again; nothing is missing to it.
      expect(await site.balance(project.id)).toMatchObject({ deposited: '3.000000000' });
      expect(await list()).toHaveLength(2);
    });

    it('"set-to" lifts the free balance to the amount and takes nothing away', async () => {
      await agent.lease();
      await refill({ mode: 'set-to', amount: '5' });
      expect(await site.balance(project.id)).toMatchObject({
        available: '5.000000000',
        deposited: '5.500000000',
        leased: '0.500000000',
      });
      await refill({ mode: 'set-to', amount: '1' });
      expect(await site.balance(project.id)).toMatchObject({ available: '5.000000000' });
    });

    it('"add-with-cap" stops at the cap', async () => {
      await refill({ mode: 'add-with-cap', amount: '2', cap: '2.5' });
      expect(await site.balance(project.id)).toMatchObject({ available: '2.500000000' });
      await refill({ mode: 'add-with-cap', amount: '2', cap: '1' });
      expect(await site.balance(project.id)).toMatchObject({ available: '2.500000000' });
    });

    it.each([
      ['add', undefined, '1.500000000', '0.000000000'],
      ['set-to', undefined, '2.000000000', '0.000000000'],
      ['add-with-cap', '1', '1.000000000', '0.000000000'],
    ])('"%s" covers debt first', async (mode, cap, available, debt) => {
      await agent.settle(await agent.lease(), { usage: [usage({ output: 750_000 })] }); // $1.50 of $1
      expect(await site.balance(project.id)).toMatchObject({ debt: '0.500000000' });
      await refill({ mode, cap });
      expect(await site.balance(project.id)).toMatchObject({ available, debt });
    });

    it('happen once per window, however many replicas try', async () => {
      const others = await Promise.all(Array.from({ length: 4 }, () => site.project()));
      await refill({});
      await query(site, 'UPDATE refills SET last_start = NULL WHERE project_id = $1', [project.id]);
      await atOnce(12, (index) =>
        refill({}, others[index % 4], index % 2 === 0 ? site.url : second.url),
      );
      expect(await site.balance(project.id)).toMatchObject({ deposited: '3.000000000' });
      for (const other of others)
        expect(await site.balance(other.id)).toMatchObject({ deposited: '6.000000000' });
    });

    it('come again in the next window', async () => {
      await site.must('PATCH', '/v1/organization', { timeZone: 'Pacific/Niue' });
      await refill({});
      await site.must('PATCH', '/v1/organization', { timeZone: 'Pacific/Kiritimati' }); // 25 hours ahead: always another day.
      await refill({}, await site.project());
      expect(await site.balance(project.id)).toMatchObject({ deposited: '5.000000000' });
      await site.must('PATCH', '/v1/organization', { timeZone: 'UTC' });
      await refill({}, await site.project());
      expect(await site.balance(project.id)).toMatchObject({ deposited: '5.000000000' });
    });

    it('end when they are removed', async () => {
      const { body } = await refill({});
      const path = `/v1/projects/${project.id}/refills/${body['id']}`;
      expect((await site.as(stranger, 'DELETE', path)).status).toBe(404);
      await site.must('DELETE', path);
      expect(await list()).toEqual([]);
      expect((await site.as(site.token, 'DELETE', path)).status).toBe(404);
      expect((await site.as(stranger, 'GET', `/v1/projects/${project.id}/refills`)).status).toBe(
        404,
      );
      expect((await refill({}, { ...project, id: newId() })).status).toBe(404);
    });

    it('that do not fit in the account are refused by the book, not by a crash', async () => {
      const rich = await site.project();
      for (let i = 0; i < 3; i++)
        await site.must('POST', `/v1/projects/${rich.id}/deposits`, {
          requestId: newId(),
          amount: '1000000000',
        });
      expect((await refill({ amount: '1000000000' }, rich)).status).toBe(201);
      expect((await refill({ amount: '1000000000' }, rich)).status).toBe(201);
      expect(await site.balance(rich.id)).toMatchObject({ deposited: '4000000000.000000000' });
    });
  });

  describe('corrections', () => {
    const correct = (amount: string, fields: object = {}, token = site.token) =>
      post(
        `/v1/projects/${project.id}/corrections`,
        { requestId: newId(), amount, reason: 'priced wrong', ...fields },
        token,
      );

    it('go both ways, with a reason, as entries of their own', async () => {
      expect((await correct('0.25')).body).toMatchObject({
        deposited: '1.250000000',
        available: '1.250000000',
      });
      expect((await correct('-0.5')).body).toMatchObject({
        deposited: '0.750000000',
        available: '0.750000000',
      });
      const { items } = await site.must<{ items: Json[] }>(
        'GET',
        `/v1/projects/${project.id}/ledger`,
      );
      expect(items.slice(0, 2)).toMatchObject([
        { kind: 'CORRECTION', amount: '-0.500000000', reason: 'priced wrong' },
        { kind: 'CORRECTION', amount: '0.250000000', reason: 'priced wrong' },
      ]);
      expect((await correct('1', { reason: undefined })).status).toBe(422);
    });

    it('may lead into debt, which blocks leases until it is covered', async () => {
      await agent.lease();
      expect((await correct('-0.8')).body).toMatchObject({
        deposited: '0.200000000',
        available: '0.000000000',
        debt: '0.300000000',
        leased: '0.500000000',
      });
      expect((await agent.acquire()).body['error'].message).toContain('$0.30 of debt');
      const path = `/v1/projects/${project.id}/withdrawals`;
      const withdrawal = await call(site.url, 'POST', path, {
        token: site.token,
        body: { requestId: newId(), amount: '0.1' },
      });
      expect(withdrawal).toMatchObject({
        status: 409,
        body: { error: { code: 'BALANCE_TOO_LOW', details: { debt: '0.300000000' } } },
      });
      expect((await correct('0.4')).body).toMatchObject({
        available: '0.100000000',
        debt: '0.000000000',
      });
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.100000000' });
    });

    it('take no more back than was ever given', async () => {
      expect(codeOf(await correct('-1.000000001'))).toBe('CONFLICT');
      expect((await correct('-1')).body).toMatchObject({ deposited: '0.000000000' });
    });

    it('are booked once for one id', async () => {
      const requestId = newId();
      const answers = await atOnce(20, () => correct('-0.25', { requestId }));
      expect(
        new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size,
      ).toBe(1);
      expect(await site.balance(project.id)).toMatchObject({ deposited: '0.750000000' });
      expect((await correct('0.25', { requestId })).status).toBe(409);
      expect(
        (
          await post(`/v1/projects/${project.id}/deposits`, {
            requestId,
            amount: '0.25',
            reason: 'priced wrong',
          })
        ).status,
      ).toBe(409);
    });

    it('are for admins, on projects of their own', async () => {
      expect((await correct('1', {}, developer)).status).toBe(403);
      expect((await correct('1', {}, stranger)).status).toBe(404);
    });
  });

  describe('all leases of a key', () => {
    const revoke = (keyId: string, token = site.token) =>
      post(`/v1/keys/${keyId}/leases/revoke`, undefined, token);

    it('end at once, and no others', async () => {
      const wish = { wanted: '0.1' };
      const leases = [await agent.lease(wish), await agent.lease(wish), await agent.lease(wish)];
      await agent.settle(leases[0]!);
      const { secret } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
        name: 'other',
        environment: 'dev',
      });
      const other = await Agent.start(site, { ...project, key: secret as string });
      await other.lease(wish);
      expect((await revoke(project.keyId, developer)).body).toEqual({ revoked: 2 });
      expect(await site.balance(project.id)).toMatchObject({
        leased: '0.100000000',
        available: '0.900000000',
      });
      expect((await revoke(project.keyId)).body).toEqual({ revoked: 0 });
      expect(
        (await agent.settle(leases[1]!, { usage: [usage({ output: 1_000 })] })).body,
      ).toMatchObject({ state: 'REVOKED', late: '0.002000000' });
    });

    it('are not there for strangers', async () => {
      expect((await revoke(project.keyId, stranger)).status).toBe(404);
      expect((await revoke('zzzzzzzz')).status).toBe(404);
      expect((await revoke('nokey')).status).toBe(422);
      expect((await revoke(project.keyId, viewer)).status).toBe(403);
    });
  });

  describe('velocity', () => {
    beforeEach(() => policy({ velocityLimit: '0.6' }));
    const wish = { wanted: '0.3', minimum: '0.3' };
    const minutesLater = () =>
      query(
        site,
        `UPDATE accounts SET minute_start = minute_start - interval '2 minutes' WHERE project_id = $1`,
        [project.id],
      );

    it('refuses what is faster, for a moment, and says so once per refusal', async () => {
      expect((await agent.acquire(wish)).status).toBe(201);
      expect((await agent.acquire(wish)).status).toBe(201);
      const again = { ...wish, leaseId: newId() };
      const refused = await agent.acquire(again);
      expect(refused).toMatchObject({
        status: 429,
        body: {
          error: {
            code: 'VELOCITY_EXCEEDED',
            message: expect.stringContaining('and needs $0.30 now'),
            details: { perMinute: '0.600000000', limit: '0.600000000', minimum: '0.300000000' },
          },
        },
      });
      expect(
        (await eventsAbout(site, project.id)).filter(({ kind }) => kind === 'project.velocity'),
      ).toHaveLength(1);
      await minutesLater();
      expect((await agent.acquire(again)).status).toBe(201);
    });

    it('counts what is spent, not what is borrowed and given back', async () => {
      for (let i = 0; i < 5; i++)
        await agent.settle(await agent.lease(wish), { usage: [usage({ output: 10_000 })] });
      expect((await agent.acquire(wish)).status).toBe(201);
    });

    it('lends the part of a tranche that is left of the minute', async () => {
      await agent.lease(wish);
      expect((await agent.acquire({ wanted: '0.5' })).body).toMatchObject({
        amount: '0.300000000',
      });
      expect((await agent.acquire({ wanted: '0.5' })).status).toBe(429);
    });

    it('can be lifted again', async () => {
      await agent.lease({ wanted: '0.5', minimum: '0.5' });
      await policy({ velocityLimit: null });
      expect((await agent.acquire({ wanted: '0.5', minimum: '0.5' })).status).toBe(201);
    });
  });

  describe('a dry run', () => {
    beforeEach(() => policy({ mode: 'observe', velocityLimit: '0.2' }));

    it('refuses nothing and records what would have been refused', async () => {
      const { id } = await budget({ limit: '0.1' });
      const leaseId = newId();
      expect((await agent.acquire({ leaseId, minimum: '0.4' })).body).toMatchObject({
        amount: '0.500000000',
      });
      expect(await eventsAbout(site, leaseId)).toMatchObject([
        {
          kind: 'budget.would-refuse',
          payload: {
            code: 'BUDGET_EXCEEDED',
            scope: 'project',
            budgetId: id,
            limit: '0.100000000',
          },
        },
      ]);
      for (let i = 0; i < 3; i++)
        expect((await agent.acquire({ wanted: '0.5', minimum: '0.5' })).status).toBe(201);
      expect(await site.balance(project.id)).toMatchObject({
        leased: '2.000000000',
        debt: '1.000000000',
      });
      await site.must('POST', `/v1/keys/${project.keyId}/leases/revoke`);
      expect(await site.balance(project.id)).toMatchObject({
        leased: '0.000000000',
        debt: '0.000000000',
        available: '1.000000000',
      });
    });

    it('ends with debt that blocks', async () => {
      for (let i = 0; i < 3; i++) await agent.lease();
      await policy({ mode: 'enforce', velocityLimit: null });
      expect((await agent.acquire({ wanted: '0.1' })).status).toBe(402);
    });

    it('still stops at a pause and at the number of open leases', async () => {
      await policy({ maxOpenLeases: 1 });
      await agent.lease();
      expect(codeOf(await agent.acquire())).toBe('TOO_MANY_LEASES');
      await site.must('POST', `/v1/projects/${project.id}/pause`, {});
      expect(codeOf(await agent.acquire())).toBe('PROJECT_PAUSED');
    });
  });

  describe('alerts', () => {
    const announced = async (scopeId = project.id) =>
      (await eventsAbout(site, scopeId))
        .filter(
          ({ kind, payload }) => kind === 'budget.threshold' && payload['budgetId'] !== undefined,
        )
        .map(({ payload }) => `${payload['of']} ${payload['threshold']}`);

    it('are told once per threshold, for what is spent and for what is leased', async () => {
      await budget({ limit: '1' });
      await agent.spend(240_000, { wish: { wanted: '0.49' } }); // $0.48
      expect(await announced()).toEqual([]);
      await agent.spend(10_000, { wish: { wanted: '0.03' } }); // $0.50
      expect((await announced()).sort()).toEqual(['committed 50', 'spent 50']);
      await agent.lease({ wanted: '0.4' });
      expect((await announced()).sort()).toEqual([
        'committed 50',
        'committed 75',
        'committed 90',
        'spent 50',
      ]);
      await agent.spend(1_000, { wish: { wanted: '0.01' } });
      expect(await announced()).toHaveLength(4);
    });

    it('are told once to a crowd on two replicas', async () => {
      await budget({ limit: '0.9' });
      const body = () => ({
        leaseId: newId(),
        sessionId: agent.sessionId,
        wanted: '0.01',
        minimum: '0.01',
      });
      await atOnce(90, (index) =>
        call(index % 2 === 0 ? site.url : second.url, 'POST', '/v1/sdk/leases', {
          token: project.key,
          body: body(),
        }),
      );
      expect((await announced()).sort()).toEqual([
        'committed 100',
        'committed 50',
        'committed 75',
        'committed 90',
      ]);
    });

    it('are told again in a new window, and under a new limit only for what it has not reached', async () => {
      const { id } = await budget({ limit: '0.4' });
      await agent.spend(160_000); // $0.32: 80 %
      expect((await announced()).filter((text) => text.startsWith('spent'))).toEqual([
        'spent 50',
        'spent 75',
      ]);
      await site.must('PATCH', `/v1/budgets/${id}`, { limit: '0.5' }); // 64 %
      await agent.spend(35_000, { wish: { wanted: '0.1' } }); // $0.39: 78 %
      expect((await announced()).filter((text) => text.startsWith('spent'))).toEqual([
        'spent 50',
        'spent 75',
        'spent 75',
      ]);
      await query(site, `UPDATE budget_windows SET start = start - 1 WHERE budget_id = $1`, [id]);
      await query(site, `UPDATE settlements SET budgets = '[]' WHERE project_id = $1`, [
        project.id,
      ]);
      await query(site, `DELETE FROM budget_windows WHERE budget_id = $1`, [id]);
      await query(site, `UPDATE leases SET scopes = '[]' WHERE project_id = $1`, [project.id]);
      await agent.spend(130_000); // $0.26 of the new window's $0.50
      expect((await announced()).filter((text) => text.startsWith('spent'))).toHaveLength(4);
    });

    it('are told for the balance of a project, and debt when it begins', async () => {
      await agent.settle(await agent.lease(), { usage: [usage({ output: 600_000 })] }); // $1.20 of $1
      const events = await eventsAbout(site, project.id);
      const spent = events.filter(
        ({ kind, payload }) => kind === 'budget.threshold' && payload['of'] === 'spent',
      );
      expect(spent.map(({ payload }) => [payload['scope'], payload['threshold']])).toEqual(
        [50, 75, 90, 100].map((threshold) => ['balance', threshold]),
      );
      expect(events.filter(({ kind }) => kind === 'project.debt')).toMatchObject([
        { payload: { debt: '0.200000000' } },
      ]);
    });
  });

  describe('shares', () => {
    it('leave something for every agent that runs', async () => {
      const other = await Agent.start(site, project);
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.250000000' }); // a quarter of $1
      expect((await other.acquire()).body).toMatchObject({ amount: '0.187500000' }); // a quarter of $0.75
      expect((await agent.acquire({ minimum: '0.4' })).body).toMatchObject({
        amount: '0.400000000',
      });
    });

    it('belong to agents that were seen in the last minute', async () => {
      const other = await Agent.start(site, project);
      await query(
        site,
        `UPDATE sessions SET last_seen_at = now() - interval '2 minutes' WHERE id = $1`,
        [other.sessionId],
      );
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.500000000' });
    });

    it('never get smaller than a twentieth of a tranche while there is that much', async () => {
      await site.must('POST', `/v1/projects/${project.id}/withdrawals`, {
        requestId: newId(),
        amount: '0.93',
      });
      await Agent.start(site, project);
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.025000000' });
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.025000000' });
      expect((await agent.acquire()).body).toMatchObject({ amount: '0.020000000' });
      expect((await agent.acquire()).status).toBe(402);
    });
  });
});
