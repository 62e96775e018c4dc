import { newId } from '../../src/kernel/ids.js';
import {
  Installation,
  type Json,
  type ProjectFixture,
  sessionRequest,
  usage,
} from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';

describe('running agents, as people see and stop them', () => {
  let site: Installation;
  let project: ProjectFixture;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    project = await site.project({ deposit: '2' });
  });

  const list = (search = ''): Promise<Json[]> =>
    site.must('GET', `/v1/sessions?projectId=${project.id}${search}`).then(({ items }) => items);
  const lease = async (sessionId: string, wanted = '0.5') => {
    const leaseId = newId();
    const body = { leaseId, sessionId, wanted, minimum: '0' };
    return { leaseId, ...(await site.as(project.key, 'POST', '/v1/sdk/leases', body)) };
  };
  const kill = (sessionId: string, body: object = {}) =>
    site.must('POST', `/v1/sessions/${sessionId}/kill`, body);

  it('are listed with where they run, what they hold, and how they are', async () => {
    const idle = await site.session(project.key);
    const busy = await site.session(project.key);
    await lease(busy);
    await lease(busy, '0.25');
    const [first, second] = await list();
    expect(first).toMatchObject({
      id: busy,
      projectName: project.name,
      keyId: project.keyId,
      keyName: 'agent',
      agent: 'test-agent',
      host: 'test-host',
      pid: 4711,
      ip: '127.0.0.1',
      state: 'active',
      endedAt: null,
      openLeases: 2,
      held: '0.750000000',
    });
    expect(second).toMatchObject({ id: idle, openLeases: 0, held: '0.000000000' });
    expect((await list('&limit=1')).length).toBe(1);
    expect((await list(`&limit=1&cursor=${busy}`))[0]).toMatchObject({ id: idle });
    expect(await list(`&keyId=${project.keyId}`)).toHaveLength(2);
    await query(
      site,
      `UPDATE sessions SET last_seen_at = now() - interval '61 seconds' WHERE id = $1`,
      [idle],
    );
    await site.as(project.key, 'DELETE', `/v1/sdk/sessions/${busy}`);
    expect((await list()).map(({ state }) => state)).toEqual(['ended', 'silent']);
    expect(await list('&open=true')).toHaveLength(1);
  });

  it('are listed whatever number an agent gave for its process', async () => {
    const request = sessionRequest() as Json;
    const start = (pid: number) =>
      site.as(project.key, 'POST', '/v1/sdk/sessions', {
        ...request,
        agent: { ...request['agent'], pid },
      });
    expect((await start(2 ** 31)).status).toBe(422);
    expect((await start(2 ** 31 - 1)).status).toBe(201);
    await query(
      site,
      `UPDATE sessions SET agent = jsonb_set(agent, '{pid}', '2147483648') WHERE project_id = $1`,
      [project.id],
    );
    expect(await list()).toMatchObject([{ pid: 2 ** 31 - 1 }]);
  });

  it('get no more money once stopped, and what they held goes back', async () => {
    const session = await site.session(project.key);
    const { leaseId } = await lease(session);
    await lease(session, '0.25');
    const answer = await kill(session, { reason: 'runs in circles' });
    expect(answer).toMatchObject({
      session: { id: session, state: 'killed', openLeases: 0 },
      revokedLeases: 2,
      returned: '0.750000000',
    });
    expect(await site.balance(project.id)).toMatchObject({
      leased: '0.000000000',
      available: '2.000000000',
    });
    const refused = await lease(session);
    expect([refused.status, refused.body['error'].code]).toEqual([410, 'SESSION_KILLED']);
    const path = `/v1/sdk/leases/${leaseId}/settlements`;
    const report = { sessionId: session, seq: 1, usage: [usage({ output: 1_000 })], final: true };
    const late = await site.as(project.key, 'POST', path, report);
    expect([late.status, late.body['late']]).toEqual([200, '0.002000000']);
    expect((await site.ledgerCheck()).ok).toBe(true);
  });

  it('are stopped once, however often somebody presses', async () => {
    const session = await site.session(project.key);
    await kill(session);
    expect(await kill(session)).toMatchObject({
      session: { state: 'killed' },
      revokedLeases: 0,
      returned: '0.000000000',
    });
    const rows = await query<{ actor: string; details: Json }>(
      site,
      `SELECT actor, details FROM audit_events WHERE action = 'session.kill' AND target = $1`,
      [`session:${session}`],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.details).toEqual({ projectId: project.id, reason: null });
  });

  it('that ended by themselves are not called stopped, but give back what they forgot', async () => {
    const session = await site.session(project.key);
    await lease(session);
    await site.as(project.key, 'DELETE', `/v1/sdk/sessions/${session}`);
    expect(await kill(session)).toMatchObject({ session: { state: 'ended' }, revokedLeases: 1 });
  });

  it('are stopped while they borrow, and hold nothing afterwards', async () => {
    const session = await site.session(project.key);
    const borrowing = Array.from({ length: 40 }, () => lease(session, '0.01'));
    const killed = kill(session);
    const statuses = (await Promise.all(borrowing)).map(({ status }) => status);
    await killed;
    expect(new Set([...statuses, 201, 410])).toEqual(new Set([201, 410]));
    expect(await site.balance(project.id)).toMatchObject({ leased: '0.000000000' });
  });

  describe('that are replaced while somebody stops them', () => {
    const renew = (replaces: string, key = project.key) =>
      site.as(key, 'POST', '/v1/sdk/sessions', { ...sessionRequest(), replaces });
    const stateOf = async (id: string) => (await list()).find((one) => one['id'] === id)?.['state'];

    it('get no other session after they were stopped', async () => {
      const session = await site.session(project.key);
      await kill(session);
      const refused = await renew(session);
      expect([refused.status, refused.body['error']?.code]).toEqual([410, 'SESSION_KILLED']);
      expect(await list('&open=true')).toEqual([]);
      expect(await site.session(project.key)).toEqual(expect.any(String)); // another process may
    });

    it('are stopped with all sessions of their process, and what those hold goes back', async () => {
      const first = await site.session(project.key);
      const second = (await renew(first)).body['sessionId'] as string;
      const third = (await renew(second)).body['sessionId'] as string;
      const bystander = await site.session(project.key);
      await site.as(project.key, 'DELETE', `/v1/sdk/sessions/${first}`);
      await lease(second, '0.25');
      await lease(third, '0.5');
      expect(await kill(first)).toMatchObject({ revokedLeases: 2 });
      expect(await site.balance(project.id)).toMatchObject({ leased: '0.000000000' });
      expect(await Promise.all([first, second, third, bystander].map(stateOf))).toEqual([
        'ended',
        'killed',
        'killed',
        'active',
      ]);
      expect((await lease(third)).status).toBe(410);
      for (const one of [first, second, third]) expect((await renew(one)).status).toBe(410);
      const beat = await site.as(project.key, 'POST', `/v1/sdk/sessions/${third}/heartbeat`, {});
      expect(beat.body['session']).toBe('killed');
    });

    it('are stopped whichever comes first', async () => {
      for (let round = 0; round < 25; round++) {
        const session = await site.session(project.key);
        const both = round % 2 === 0 ? [renew, kill] : [kill, renew];
        const [one, other] = await Promise.all(both.map((act) => act(session)));
        const renewed = round % 2 === 0 ? one : other;
        expect([201, 410]).toContain(renewed?.['status']);
        expect(await list('&open=true')).toEqual([]);
      }
    });

    it('of another key count for nothing', async () => {
      const other = await site.project();
      const theirs = await site.session(other.key);
      await kill(theirs);
      const own = await renew(theirs);
      expect(own.status).toBe(201);
      const mine = await site.session(project.key);
      const { status, body } = await renew(mine, other.key);
      expect(status).toBe(201);
      await kill(mine);
      const beat = `/v1/sdk/sessions/${body['sessionId']}/heartbeat`;
      expect((await site.as(other.key, 'POST', beat, {})).body['session']).toBe('active');
    });
  });

  it('may be stopped by whoever may pause, of the same organization', async () => {
    const session = await site.session(project.key);
    const path = `/v1/sessions/${session}/kill`;
    const [viewer, developer] = await Promise.all([
      signInAs(site, 'viewer'),
      signInAs(site, 'developer'),
    ]);
    expect((await site.as(viewer, 'POST', path, {})).status).toBe(403);
    expect((await site.as(project.key, 'POST', path, {})).status).toBe(403);
    const stranger = await secondOrganization(site);
    expect((await site.as(stranger, 'POST', path, {})).status).toBe(404);
    expect((await site.as(stranger, 'GET', '/v1/sessions')).body['items']).toEqual([]);
    expect((await site.as(developer, 'POST', path, {})).status).toBe(200);
  });
});
