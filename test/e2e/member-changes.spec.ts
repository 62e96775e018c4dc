import { randomBytes } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { call, Installation, type Json } from '../harness/installation.js';
import { cookieOf, eventually, login, query, secondOrganization } from '../harness/people.js';
import { startServer, type TestServer } from '../harness/server.js';

let site: Installation;
let replica: TestServer;
beforeAll(async () => {
  const kek = randomBytes(32).toString('base64');
  site = await Installation.start({ kek });
  replica = await startServer({ kek, databaseUrl: site.server.databaseUrl });
});
afterAll(async () => {
  await replica.stop();
  await site.stop();
});

interface Person {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
}

let count = 0;
async function person(role: 'admin' | 'developer' | 'viewer'): Promise<Person> {
  const email = `person-${count++}@acme.test`;
  const password = `the password of ${email}`;
  const { userId } = await site.must('POST', '/v1/members', { email, name: email, role, password });
  return { id: userId as string, email, password, token: await login(site, { email, password }) };
}
const change = (token: string, id: string, body: object) =>
  site.as(token, 'PATCH', `/v1/members/${id}`, body);
const remove = (token: string, id: string) => site.as(token, 'DELETE', `/v1/members/${id}`);
const me = async (): Promise<string> => (await site.must('GET', '/v1/auth/me'))['userId'];
const code = ({ status, body }: { status: number; body: Json }) => [status, body['error']?.code];
const meAt = (url: string, token: string) => call(url, 'GET', '/v1/auth/me', { token });
const audited = (id: string) =>
  query<{ action: string; details: Json }>(
    site,
    `SELECT action, details FROM audit_events WHERE target = $1 AND action LIKE 'member.%' ORDER BY id`,
    [`user:${id}`],
  );

describe('a role', () => {
  it('counts for the next request, and within a second on another replica without a signal', async () => {
    const ada = await person('viewer');
    expect((await meAt(replica.url, ada.token)).body).toMatchObject({ role: 'viewer' });
    const create = () => site.as(ada.token, 'POST', '/v1/projects', { name: `Of ${newId()}` });
    expect((await create()).status).toBe(403);
    expect((await change(site.token, ada.id, { role: 'admin' })).body).toMatchObject({
      userId: ada.id,
      role: 'admin',
      state: 'active',
    });
    expect((await create()).status).toBe(201);
    await eventually(
      async () =>
        expect((await meAt(replica.url, ada.token)).body).toMatchObject({ role: 'admin' }),
      1_000,
    );
    await change(site.token, ada.id, { role: 'viewer' });
    expect((await create()).status).toBe(403);
    expect((await audited(ada.id)).at(-1)).toMatchObject({
      action: 'member.update',
      details: { email: ada.email, before: { role: 'admin' }, change: { role: 'viewer' } },
    });
  });

  it('of an owner is for owners to give and to take', async () => {
    const [admin, other] = [await person('admin'), await person('viewer')];
    expect(code(await change(admin.token, other.id, { role: 'owner' }))).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(code(await change(admin.token, admin.id, { role: 'owner' }))).toEqual([
      403,
      'FORBIDDEN',
    ]);
    const owner = await me();
    expect(code(await change(admin.token, owner, { role: 'viewer' }))).toEqual([403, 'FORBIDDEN']);
    expect(code(await change(admin.token, owner, { disabled: true }))).toEqual([403, 'FORBIDDEN']);
    expect(code(await remove(admin.token, owner))).toEqual([403, 'FORBIDDEN']);
    expect((await change(admin.token, other.id, { role: 'developer' })).status).toBe(200);
    expect((await change(site.token, other.id, { role: 'owner' })).status).toBe(200);
    expect((await change(site.token, other.id, { role: 'viewer' })).status).toBe(200);
  });

  it('of the last owner stays, whoever tries and however many at once', async () => {
    const owner = await me();
    for (const body of [{ role: 'admin' }, { disabled: true }])
      expect(code(await change(site.token, owner, body))).toEqual([409, 'LAST_OWNER']);
    expect(code(await remove(site.token, owner))).toEqual([409, 'LAST_OWNER']);
    const second = await person('admin');
    await change(site.token, second.id, { role: 'owner' });
    const answers = await Promise.all([
      change(site.token, second.id, { role: 'admin' }),
      change(second.token, owner, { role: 'admin' }),
    ]);
    const owners = await query<{ id: string }>(
      site,
      `SELECT user_id AS id FROM members WHERE organization_id = $1 AND role = 'owner'`,
      [site.organizationId],
    );
    expect(owners).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // Back to how it was, for the other tests.
    if (owners[0]?.id === second.id) await change(second.token, owner, { role: 'owner' });
    await change(site.token, second.id, { role: 'admin' });
  });

  it('is refused when it says nothing, or something else', async () => {
    const ada = await person('viewer');
    for (const body of [{}, { role: 'root' }, { role: 'admin', organizationId: newId() }])
      expect(code(await change(site.token, ada.id, body))).toEqual([422, 'VALIDATION_FAILED']);
    expect(code(await change(ada.token, ada.id, { role: 'admin' }))).toEqual([403, 'FORBIDDEN']);
    expect(code(await change(site.token, newId(), { role: 'admin' }))).toEqual([404, 'NOT_FOUND']);
  });
});

describe('a disabled member', () => {
  it('is out at once and cannot come back, until enabled', async () => {
    const ada = await person('developer');
    const credentials = { email: ada.email, password: ada.password };
    const signedIn = await call(site.url, 'POST', '/v1/auth/login', { body: credentials });
    const headers = { cookie: cookieOf(signedIn) ?? '' };
    expect((await change(site.token, ada.id, { disabled: true })).body).toMatchObject({
      state: 'disabled',
    });
    expect((await meAt(site.url, ada.token)).status).toBe(401);
    await eventually(
      async () => expect((await meAt(replica.url, ada.token)).status).toBe(401),
      1_000,
    );
    expect((await call(site.url, 'POST', '/v1/auth/refresh', { headers })).status).toBe(401);
    const again = await call(site.url, 'POST', '/v1/auth/login', { body: credentials });
    expect(code(again)).toEqual([401, 'LOGIN_FAILED']);
    await change(site.token, ada.id, { disabled: false });
    expect((await meAt(site.url, ada.token)).status).toBe(401); // that login is over
    expect((await meAt(site.url, await login(site, credentials))).status).toBe(200);
  });

  it('keeps other organizations', async () => {
    const ada = await person('viewer');
    const stranger = await secondOrganization(site, `Elsewhere ${newId()}`);
    const { email, password } = ada;
    const body = { email, name: 'Ada', role: 'viewer', password: 'not taken over, ever' };
    expect((await site.as(stranger, 'POST', '/v1/members', body)).status).toBe(201);
    await change(site.token, ada.id, { disabled: true });
    const elsewhere = await login(site, { email, password });
    expect((await meAt(site.url, elsewhere)).status).toBe(200);
    const { items } = (await site.as(elsewhere, 'GET', '/v1/organizations')).body;
    expect(items).toHaveLength(1);
  });
});

describe('a removed member', () => {
  it('is gone at once, is named in the audit trail, and may be added again', async () => {
    const ada = await person('developer');
    expect((await remove(site.token, ada.id)).status).toBe(204);
    expect((await meAt(site.url, ada.token)).status).toBe(401);
    expect(code(await remove(site.token, ada.id))).toEqual([404, 'NOT_FOUND']);
    const { items } = await site.must('GET', '/v1/members');
    expect(items.map(({ userId }: Json) => userId)).not.toContain(ada.id);
    expect((await audited(ada.id)).at(-1)).toMatchObject({
      action: 'member.remove',
      details: { email: ada.email, role: 'developer' },
    });
    const { email, password } = ada;
    await site.must('POST', '/v1/members', {
      email,
      name: 'A',
      role: 'viewer',
      password: 'x'.repeat(12),
    });
    const back = await login(site, { email, password });
    expect((await meAt(site.url, back)).body).toMatchObject({ role: 'viewer' });
  });
});

describe('an own password', () => {
  const put = (token: string, currentPassword: string, newPassword: string) =>
    site.as(token, 'PUT', '/v1/auth/password', { currentPassword, newPassword });

  it('is changed with the current one, and every other login ends', async () => {
    const ada = await person('viewer');
    const credentials = { email: ada.email, password: ada.password };
    const elsewhere = await login(site, credentials);
    const next = 'another long password';
    expect((await put(ada.token, ada.password, next)).status).toBe(204);
    expect((await meAt(site.url, ada.token)).status).toBe(200);
    expect((await meAt(site.url, elsewhere)).status).toBe(401);
    expect((await call(site.url, 'POST', '/v1/auth/login', { body: credentials })).status).toBe(
      401,
    );
    await login(site, { email: ada.email, password: next });
    const rows = await query(
      site,
      `SELECT details FROM audit_events WHERE action = 'password.change' AND target = $1`,
      [`user:${ada.id}`],
    );
    expect(rows).toEqual([{ details: {} }]);
  });

  it('stays when the current one is wrong or the new one too short, and is not to be guessed', async () => {
    const ada = await person('viewer');
    expect(code(await put(ada.token, 'wrong', 'another long password'))).toEqual([
      403,
      'PASSWORD_WRONG',
    ]);
    expect(code(await put(ada.token, ada.password, 'short'))).toEqual([422, 'VALIDATION_FAILED']);
    const guesses = [];
    for (let i = 0; i < 6; i++)
      guesses.push(code(await put(ada.token, `guess ${i}`, 'x'.repeat(12))));
    expect(guesses.at(-1)).toEqual([429, 'RATE_LIMITED']);
    expect(code(await put(ada.token, ada.password, 'x'.repeat(12)))).toEqual([429, 'RATE_LIMITED']);
    await login(site, { email: ada.email, password: ada.password });
  });
});

describe('a project', () => {
  it('is archived once nothing is leased, and runs no more', async () => {
    const project = await site.project({ deposit: '2' });
    const session = await site.session(project.key);
    const lease = () =>
      site.as(project.key, 'POST', '/v1/sdk/leases', {
        leaseId: newId(),
        sessionId: session,
        wanted: '0.5',
        minimum: '0',
      });
    expect((await lease()).status).toBe(201);
    const path = `/v1/projects/${project.id}/archive`;
    const refused = await site.as(site.token, 'POST', path);
    expect(code(refused)).toEqual([409, 'LEASES_OPEN']);
    expect(refused.body['error'].message).toContain('$0.50 in 1 lease.');
    await site.must('POST', `/v1/sessions/${session}/kill`, {});
    expect(await site.must('POST', path)).toMatchObject({ state: 'archived' });
    expect(await site.must('POST', path)).toMatchObject({ state: 'archived' });
    expect(code(await lease())[0]).toBeGreaterThanOrEqual(409);
    const start = await site.as(project.key, 'POST', '/v1/sdk/sessions', {});
    expect(start.status).toBeGreaterThanOrEqual(400);
    expect(code(await site.as(site.token, 'POST', `/v1/projects/${project.id}/resume`))).toEqual([
      409,
      'PROJECT_ARCHIVED',
    ]);
    await site.must('POST', `/v1/projects/${project.id}/withdrawals`, {
      requestId: newId(),
      amount: '2',
    });
    const rows = await query(site, `SELECT 1 FROM audit_events WHERE action = 'project.archive'`);
    expect(rows).toHaveLength(1);
  });

  it('is archived while agents borrow only before or after them', async () => {
    const project = await site.project({ deposit: '5' });
    const session = await site.session(project.key);
    const borrow = () =>
      site.as(project.key, 'POST', '/v1/sdk/leases', {
        leaseId: newId(),
        sessionId: session,
        wanted: '0.01',
        minimum: '0',
      });
    const archive = () => site.as(site.token, 'POST', `/v1/projects/${project.id}/archive`);
    const [archived, ...borrowed] = await Promise.all([
      archive(),
      ...Array.from({ length: 20 }, borrow),
    ]);
    const granted = borrowed.filter(({ status }) => status === 201).length;
    if (archived.status === 200) expect(granted).toBe(0);
    else expect([code(archived), granted > 0]).toEqual([[409, 'LEASES_OPEN'], true]);
  });

  it('is for owners and admins to archive', async () => {
    const project = await site.project();
    const ada = await person('developer');
    expect((await site.as(ada.token, 'POST', `/v1/projects/${project.id}/archive`)).status).toBe(
      403,
    );
  });
});
