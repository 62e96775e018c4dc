import { newId } from '../../src/kernel/ids.js';
import { Installation, type ProjectFixture } from '../harness/installation.js';
import { query } from '../harness/people.js';

let site: Installation;
let project: ProjectFixture;

beforeAll(async () => {
  site = await Installation.start();
});
afterAll(() => site.stop());
beforeEach(async () => {
  project = await site.project({ deposit: '1' });
});
afterEach(async () => {
  expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
});

const post = (path: string, body: object = {}) => site.as(site.token, 'POST', path, body);
const crowd = <T>(work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 12 }, work));
const deposited = async (): Promise<string> => (await site.balance(project.id)).deposited;

describe('a budget with an id of the client', () => {
  const wish = (id: string, fields: object = {}) => ({
    id,
    scope: 'project',
    scopeId: project.id,
    window: 'day',
    limit: '3',
    ...fields,
  });

  it('is made once, however often it is asked for, and whatever became of it since', async () => {
    const id = newId();
    const answers = await crowd(() => post('/v1/budgets', wish(id)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body['id']}`))).toEqual(
      new Set([`201 ${id}`]),
    );
    await site.must('PATCH', `/v1/budgets/${id}`, { limit: '4' });
    expect((await post('/v1/budgets', wish(id))).body).toMatchObject({ id, limit: '4.000000000' });
    const { items } = await site.must<{ items: object[] }>('GET', '/v1/budgets');
    expect(items).toHaveLength(1);
    expect(
      await query(
        site,
        `SELECT count(*)::int AS events FROM audit_events WHERE action = 'budget.create' AND target = $1`,
        [`budget:${id}`],
      ),
    ).toEqual([{ events: 1 }]);
  });

  it('is refused when the id stands for another one', async () => {
    const id = newId();
    await post('/v1/budgets', wish(id));
    expect(await post('/v1/budgets', wish(id, { limit: '5' }))).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
  });
});

describe('a refill with an id of the client', () => {
  const wish = (id: string, amount = '2') => ({ id, mode: 'add', amount, window: 'day' });

  it('is made once, and deposits once', async () => {
    const id = newId();
    const path = `/v1/projects/${project.id}/refills`;
    const answers = await crowd(() => post(path, wish(id)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body['id']}`))).toEqual(
      new Set([`201 ${id}`]),
    );
    expect(await deposited()).toBe('3.000000000');
    expect((await post(path, wish(id, '5'))).status).toBe(409);
    expect((await site.must<{ items: object[] }>('GET', path)).items).toHaveLength(1);
  });
});

describe('the approval of a request for a deposit', () => {
  const ask = async (amount = '2'): Promise<string> => {
    const body = { id: newId(), projectId: project.id, amount, reason: 'a long job' };
    return (await site.must('POST', '/v1/budget-requests', body))['id'] as string;
  };
  const decide = (id: string, verdict: 'approve' | 'decline', fields: object = {}) =>
    post(`/v1/budget-requests/${id}/${verdict}`, fields);
  const change = (id: string, set: string) =>
    query(site, `UPDATE budget_requests SET ${set} WHERE id = $1`, [id]);

  it('moves the money once in a crowd, and is one approval', async () => {
    const id = await ask();
    const statuses = (await crowd(() => decide(id, 'approve'))).map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(new Set(statuses.slice(1))).toEqual(new Set([409]));
    expect(await deposited()).toBe('3.000000000');
  });

  it('that was cut off after the money moved is finished by approving again, and by nothing else', async () => {
    const id = await ask();
    await decide(id, 'approve', { amount: '1.5' });
    await change(id, `state = 'open', decided_by = NULL, decided_at = NULL`);
    for (const answer of [
      await decide(id, 'decline'),
      await decide(id, 'approve', { amount: '9' }),
    ])
      expect(answer).toMatchObject({
        status: 409,
        body: { error: { message: expect.stringContaining('$1.5') } },
      });
    expect(await decide(id, 'approve')).toMatchObject({ status: 200, body: { state: 'approved' } });
    expect(await deposited()).toBe('2.500000000');
  });

  it('that was cut off before the money moved is finished with the amount that was begun', async () => {
    const id = await ask();
    await change(id, 'granting_nano = 1500000000');
    expect((await decide(id, 'decline')).status).toBe(409);
    expect((await decide(id, 'approve')).status).toBe(200);
    expect(await deposited()).toBe('2.500000000');
  });

  it('whose deposit is refused can still be declined', async () => {
    const id = await ask();
    expect((await decide(id, 'approve', { amount: '4000000000' })).status).toBeGreaterThan(399);
    expect(await decide(id, 'decline')).toMatchObject({ body: { state: 'declined' } });
    expect(await deposited()).toBe('1.000000000');
  });
});

describe('the ledger of a project', () => {
  it('is listed by time, then id, whatever clock made the ids', async () => {
    for (let round = 0; round < 6; round++)
      await site.must('POST', `/v1/projects/${project.id}/deposits`, {
        requestId: newId(),
        amount: '1',
      });
    // As if a replica whose clock is a year behind had made one of the ids, and two entries were of one moment.
    await query(
      site,
      `UPDATE ledger_entries SET id = ('0' || substr(id::text, 2))::uuid WHERE id = (
         SELECT id FROM ledger_entries WHERE project_id = $1 ORDER BY at LIMIT 1 OFFSET 3)`,
      [project.id],
    );
    await query(
      site,
      `UPDATE ledger_entries SET at = (SELECT max(at) FROM ledger_entries WHERE project_id = $1) WHERE id = (
         SELECT id FROM ledger_entries WHERE project_id = $1 ORDER BY at DESC LIMIT 1 OFFSET 1)`,
      [project.id],
    );
    const wanted = await query<{ id: string }>(
      site,
      'SELECT id FROM ledger_entries WHERE project_id = $1 ORDER BY at DESC, id DESC',
      [project.id],
    );
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await site.must<{ items: { id: string }[]; nextCursor: string | null }>(
        'GET',
        `/v1/projects/${project.id}/ledger?limit=2${cursor}`,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(wanted.map(({ id }) => id));
    expect(seen).toHaveLength(7);
    for (const at of ['2026-99-99T00:00:00.000000Z', '2026-02-30T00:00:00.000000Z', 'x']) {
      const path = `/v1/projects/${project.id}/ledger?cursor=${at}_${newId()}`;
      expect(await site.as(site.token, 'GET', path)).toMatchObject({ status: 422 });
    }
  });
});
