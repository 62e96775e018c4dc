import { Installation, OWNER } from '../harness/installation.js';
import { login, query, secondOrganization, signInAs } from '../harness/people.js';

describe('members and organizations', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.start();
  });
  afterAll(() => installation.stop());

  const add = (token: string, body: object) =>
    installation.as(token, 'POST', '/v1/members', { password: 'a first long password', ...body });

  it('are added with a role and may sign in', async () => {
    const wish = { email: 'Ada@Acme.test', name: 'Ada', role: 'developer' };
    const { status, body } = await add(installation.token, wish);
    expect(status).toBe(201);
    expect(body).toMatchObject({ email: 'ada@acme.test', name: 'Ada', role: 'developer' });
    const token = await login(installation, {
      email: 'ada@acme.test',
      password: 'a first long password',
    });
    const me = await installation.as(token, 'GET', '/v1/auth/me');
    expect(me.body).toMatchObject({ userId: body['userId'], role: 'developer' });
    const { items } = await installation.must('GET', '/v1/members');
    expect(items).toContainEqual(body);
    const { items: events } = await installation.must('GET', '/v1/audit?limit=200');
    expect(events).toContainEqual(
      expect.objectContaining({
        action: 'member.add',
        target: `user:${body['userId']}`,
        actorName: OWNER.name,
        details: { email: 'ada@acme.test', role: 'developer', newUser: true },
      }),
    );
  });

  it('are added once, however often and fast it is tried', async () => {
    const wish = { email: 'twice@acme.test', name: 'Twice', role: 'viewer' };
    const answers = await Promise.all([1, 2, 3].map(() => add(installation.token, wish)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const late = await add(installation.token, { ...wish, role: 'admin' });
    expect(late.body['error'].code).toBe('EMAIL_TAKEN');
    const roles = await query(
      installation,
      `SELECT role FROM members JOIN users ON id = user_id WHERE email = $1`,
      [wish.email],
    );
    expect(roles).toEqual([{ role: 'viewer' }]);
  });

  it('of another organization join without losing name or password', async () => {
    const { email, password } = { email: 'eve@acme.test', password: 'the password that eve chose' };
    await add(installation.token, { email, name: 'Eve', role: 'viewer', password });
    const other = await secondOrganization(installation, 'Second');
    const joined = await add(other, {
      email,
      name: 'Owned',
      role: 'admin',
      password: 'x'.repeat(12),
    });
    expect([joined.status, joined.body['name']]).toEqual([201, 'Eve']);
    await expect(login(installation, { email, password: 'x'.repeat(12) })).rejects.toThrow();
    const { organizationId } = (await installation.as(other, 'GET', '/v1/auth/me')).body;
    const there = await login(installation, { email, password, organizationId });
    expect((await installation.as(there, 'GET', '/v1/auth/me')).body['role']).toBe('admin');
    const home = await login(installation, { email, password });
    expect((await installation.as(home, 'GET', '/v1/auth/me')).body['role']).toBe('viewer');
  });

  it.each([
    [{ email: 'no-address', name: 'x', role: 'viewer' }],
    [{ email: 'a@b.test', name: 'x', role: 'owner' }],
    [{ email: 'a@b.test', name: 'x', role: 'viewer', operator: true }],
    [{ email: 'a@b.test', name: 'x', role: 'viewer', password: 'short' }],
    [{ email: 'a@b.test', name: '', role: 'viewer' }],
  ])('are not made of %j', async (body) => {
    const answer = await add(installation.token, body);
    expect([answer.status, answer.body['error'].code]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('are managed by admins only, and seen by all', async () => {
    const wish = { email: 'new@acme.test', name: 'New', role: 'viewer' };
    for (const role of ['viewer', 'developer'] as const) {
      const token = await signInAs(installation, role);
      expect((await add(token, wish)).status).toBe(403);
      expect((await installation.as(token, 'GET', '/v1/members')).status).toBe(200);
      expect((await installation.as(token, 'GET', '/v1/audit')).status).toBe(403);
    }
    expect((await add(await signInAs(installation, 'admin'), wish)).status).toBe(201);
  });

  it('passwords are kept as argon2id with the recommended parameters, and nowhere else', async () => {
    const rows = await query<{ password_hash: string }>(installation, 'SELECT * FROM users');
    for (const row of rows) {
      expect(row.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    }
    const events = await query<object>(installation, 'SELECT * FROM audit_events');
    expect(JSON.stringify([rows, events])).not.toContain(OWNER.password);
  });

  it('organizations are founded by the operator, who owns them, and do not see each other', async () => {
    const other = await secondOrganization(installation, 'Island');
    const me = (await installation.as(other, 'GET', '/v1/auth/me')).body;
    expect(me).toMatchObject({ email: OWNER.email, role: 'owner' });
    expect(me['organizationId']).not.toBe(installation.organizationId);
    const { items } = await installation.must('GET', '/v1/organizations');
    expect(items.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['Acme', 'Island']),
    );
    const members = (await installation.as(other, 'GET', '/v1/members')).body['items'];
    expect(members.map(({ email }: { email: string }) => email)).toEqual([OWNER.email]);
    const events = (await installation.as(other, 'GET', '/v1/audit')).body['items'];
    expect(events.map(({ action }: { action: string }) => action)).toEqual([
      'login.start',
      'organization.create',
    ]);
    const viewer = await signInAs(installation, 'viewer', 'lone-viewer@acme.test');
    const own = (await installation.as(viewer, 'GET', '/v1/organizations')).body['items'];
    expect(own.map(({ name }: { name: string }) => name)).toEqual(['Acme']);
  });

  it('the audit trail is paged without a gap or a repeat', async () => {
    const all = (await installation.must('GET', '/v1/audit?limit=200'))['items'];
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: Record<string, string>[]; nextCursor: string | null } =
        await installation.must('GET', `/v1/audit?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThan(6);
    expect(seen).toEqual(all);
    const times = seen.map((event) => (event as { at: string }).at);
    expect(times.toSorted().reverse()).toEqual(times);
  });
});
