import { newId } from '../../src/kernel/ids.js';
import { Installation, type Json, type ProjectFixture, usage } from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';

describe('what somebody should know of', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  const alerts = async (search = ''): Promise<Json[]> =>
    (await site.must('GET', `/v1/alerts?limit=200${search}`))['items'];
  const ofProject = async (kind: string, { id }: ProjectFixture) =>
    (await alerts(`&kind=${kind}`)).filter(({ projectId }) => projectId === id);
  const lease = (key: string, sessionId: string, wanted: string, minimum = wanted) =>
    site.as(key, 'POST', '/v1/sdk/leases', { leaseId: newId(), sessionId, wanted, minimum });
  const count = async (sql: string, ...parameters: unknown[]) =>
    (await query<{ n: number }>(site, `SELECT count(*)::int AS n FROM ${sql}`, parameters))[0]?.n;

  it('is listed with a sentence, newest first, to every member of the organization', async () => {
    const project = await site.project({ name: 'Support', deposit: '1' });
    const session = await site.session(project.key);
    const { body } = await lease(project.key, session, '0.5');
    await site.as(project.key, 'POST', `/v1/sdk/leases/${body['leaseId']}/settlements`, {
      sessionId: session,
      seq: 1,
      usage: [usage({ output: 400_000 })],
      final: true,
    });
    const told = await ofProject('budget.threshold', project);
    const [newest, first] = [told[0], told.at(-1)];
    expect(first).toMatchObject({
      projectName: 'Support',
      summary: expect.stringMatching(
        /^50 % of the deposits of project "Support" is spent or leased/,
      ),
      details: { scope: 'balance', threshold: 50, of: 'committed', leased: '0.500000000' },
    });
    expect(newest).toMatchObject({ summary: expect.stringContaining('$0.80 spent') });
    const page = await site.must('GET', '/v1/alerts?limit=1');
    expect(page['items']).toHaveLength(1);
    const next = await site.must('GET', `/v1/alerts?limit=1&cursor=${page['nextCursor']}`);
    expect(next['items'][0].id < page['items'][0].id).toBe(true);
    const viewer = await signInAs(site, 'viewer');
    expect((await site.as(viewer, 'GET', '/v1/alerts')).body['items'].length).toBeGreaterThan(1);
    const stranger = await secondOrganization(site);
    expect((await site.as(stranger, 'GET', '/v1/alerts')).body).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('is told once a minute, however often an agent asks for too much in it', async () => {
    const project = await site.project({ deposit: '10', policy: { velocityLimit: '0.1' } });
    const session = await site.session(project.key);
    const before = Math.floor(Date.now() / 60_000);
    for (let i = 0; i < 5; i++) {
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => lease(project.key, session, '0.5')),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    }
    const minutes = Math.floor(Date.now() / 60_000) - before + 1;
    const told = await ofProject('project.velocity', project);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(minutes);
    expect(told[0]?.['summary']).toContain('within a minute; its limit is $0.10');
  });

  it('is told once a minute of a project that only observes', async () => {
    const project = await site.project({ deposit: '0.1', policy: { mode: 'observe' } });
    const session = await site.session(project.key);
    const before = Math.floor(Date.now() / 60_000);
    for (let i = 0; i < 40; i++)
      expect((await lease(project.key, session, '0.2')).status).toBe(201);
    const minutes = Math.floor(Date.now() / 60_000) - before + 1;
    expect((await ofProject('budget.would-refuse', project)).length).toBeLessThanOrEqual(minutes);
    expect((await ofProject('project.debt', project)).length).toBeLessThanOrEqual(minutes);
  });

  it('leaves no more than sixty refusals a minute of one session, and each is still refused', async () => {
    const project = await site.project({ deposit: '0.01' });
    const session = await site.session(project.key);
    const other = await site.session(project.key);
    const before = Math.floor(Date.now() / 60_000);
    for (let i = 0; i < 4; i++) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => lease(project.key, session, '0.5')),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([402]));
    }
    const minutes = Math.floor(Date.now() / 60_000) - before + 1;
    const kept = await count('lease_refusals WHERE session_id = $1', session);
    expect(kept).toBeGreaterThanOrEqual(60);
    expect(kept).toBeLessThanOrEqual(60 * minutes);
    // Nobody else's answers are forgotten for it: the same request is refused again, although there is money now.
    const wish = { leaseId: newId(), sessionId: other, wanted: '0.5', minimum: '0.5' };
    expect((await site.as(project.key, 'POST', '/v1/sdk/leases', wish)).status).toBe(402);
    await site.must('POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount: '5',
    });
    expect((await site.as(project.key, 'POST', '/v1/sdk/leases', wish)).status).toBe(402);
    expect((await lease(project.key, other, '0.5')).status).toBe(201);
  });
});
