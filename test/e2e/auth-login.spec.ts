import { type Cage, OWNER, startCage } from '../harness/api.js';
import { Api } from '../harness/api.js';
import { startServer } from '../harness/server.js';

describe('set-up', () => {
  it('happens once, with the newest token only, and signs its owner in', async () => {
    const server = await startServer();
    try {
      const api = new Api(server.url);
      const wish = { ...OWNER, token: server.setupToken };
      expect((await api.get('/v1/setup')).body).toEqual({ required: true });

      const wrong = await api.post('/v1/setup', { ...wish, token: 'guess' });
      expect([wrong.status, wrong.body.error.code]).toEqual([403, 'SETUP_TOKEN_INVALID']);

      const answers = await Promise.all([1, 2, 3].map(() => api.post('/v1/setup', wish)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      const done = answers.find(({ status }) => status === 201)!;
      expect(done.body).toMatchObject({
        role: 'owner',
        user: { email: OWNER.email, name: OWNER.name, operator: true },
        organization: { name: OWNER.organizationName, timeZone: 'UTC' },
      });
      expect(done.headers.getSetCookie()[0]).toMatch(
        /^ic_refresh=[\w-]{86}; Path=\/v1\/auth; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
      );
      expect((await api.get('/v1/setup')).body).toEqual({ required: false });
      const late = await api.post('/v1/setup', { ...wish, token: 'whatever' });
      expect(late.body.error.code).toBe('SETUP_DONE');
    } finally {
      await server.stop();
    }
  });
});

describe('sign-in', () => {
  let cage: Cage;
  beforeAll(async () => {
    cage = await startCage({ trustedProxies: ['127.0.0.1'] });
  });
  afterAll(() => cage.stop());

  const login = (body: object, ip = '10.0.0.1') =>
    cage.api.post('/v1/auth/login', body, { headers: { 'x-forwarded-for': ip } });
  const credentials = { email: OWNER.email, password: OWNER.password };
  const refresh = (cookie: string | undefined, headers: Record<string, string> = {}) =>
    cage.api.post('/v1/auth/refresh', undefined, { headers: { cookie: cookie ?? '', ...headers } });
  const me = (token: string) => cage.api.as(token).get('/v1/auth/me');

  it('answers who you are, without anything that the contract does not name', async () => {
    const answer = await login({ ...credentials, email: 'OLGA@Example.com' });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(
      ['accessToken', 'expiresInSeconds', 'organization', 'role', 'user'].sort(),
    );
    const who = await me(answer.body.accessToken);
    expect(who.body).toEqual({
      userId: answer.body.user.id,
      email: OWNER.email,
      organizationId: answer.body.organization.id,
      role: 'owner',
      permissions: expect.arrayContaining(['organization:create', 'audit:read']),
    });
  });

  it('refuses unknown, wrong and foreign alike', async () => {
    const answers = [
      await login({ email: 'nobody@example.com', password: OWNER.password }),
      await login({ ...credentials, password: 'wrong password, but long' }),
      await login({ ...credentials, organizationId: '00000000-0000-7000-8000-000000000000' }),
    ];
    const plain = answers.map(({ status, body }) => [status, body.error.code, body.error.message]);
    expect(new Set(plain.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(plain[0]?.slice(0, 2)).toEqual([401, 'LOGIN_FAILED']);
  });

  it('refuses a disabled user, and ends what that user holds', async () => {
    await cage.owner.post('/v1/members', {
      email: 'dora@example.com',
      name: 'Dora',
      role: 'viewer',
      password: 'dora has a password',
    });
    const dora = { email: 'dora@example.com', password: 'dora has a password' };
    const before = await login(dora);
    expect((await me(before.body.accessToken)).status).toBe(200);
    await cage.query(`UPDATE users SET disabled_at = now() WHERE email = $1`, [dora.email]);
    expect((await login(dora)).body.error.code).toBe('LOGIN_FAILED');
    expect((await refresh(before.cookie)).body.error.code).toBe('NOT_SIGNED_IN');
    await eventually(async () => {
      expect((await me(before.body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
    });
  });

  it('rotates the refresh token, and gives a lost answer again', async () => {
    const first = await login(credentials);
    const second = await refresh(first.cookie);
    expect(second.status).toBe(200);
    expect(second.cookie).not.toBe(first.cookie);
    expect((await me(second.body.accessToken)).status).toBe(200);
    const again = await refresh(first.cookie);
    expect([again.status, again.cookie]).toEqual([200, second.cookie]);
    expect((await refresh(second.cookie)).status).toBe(200);
  });

  it('gives tabs that refresh at once the same successor', async () => {
    const { cookie } = await login(credentials);
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(cookie)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map((answer) => answer.cookie)).size).toBe(1);
  });

  it.each(['the one before, too late', 'an older one'])(
    'ends the whole login when a refresh token is used again: %s',
    async (which) => {
      const first = await login(credentials);
      let last = await refresh(first.cookie);
      if (which === 'an older one') last = await refresh(last.cookie);
      else await cage.query(`UPDATE logins SET rotated_at = rotated_at - interval '11 seconds'`);
      const reused = await refresh(first.cookie);
      expect([reused.status, reused.body.error.code]).toEqual([401, 'NOT_SIGNED_IN']);
      expect((await refresh(last.cookie)).status).toBe(401);
      expect((await me(last.body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
      const { body } = await cage.owner.get('/v1/audit?limit=1');
      expect(body.items[0]).toMatchObject({ action: 'login.reuse', actorName: OWNER.name });
    },
  );

  it('a guessed token ends nothing', async () => {
    const first = await login(credentials);
    const forged = `${first.cookie!.slice(0, -4)}AAAA`;
    expect((await refresh(forged)).status).toBe(401);
    expect((await refresh(undefined)).status).toBe(401);
    expect((await refresh(first.cookie)).status).toBe(200);
  });

  it('logout ends the login at once, and may be repeated', async () => {
    const { cookie, body } = await login(credentials);
    expect((await me(body.accessToken)).status).toBe(200);
    for (const _ of [1, 2]) {
      const out = await cage.api.post('/v1/auth/logout', undefined, {
        headers: { cookie: cookie! },
      });
      expect(out.status).toBe(204);
      expect(out.headers.getSetCookie()[0]).toMatch(/^ic_refresh=; Max-Age=0; Path=\/v1\/auth/);
    }
    expect((await me(body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
    expect((await refresh(cookie)).body.error.code).toBe('NOT_SIGNED_IN');
  });

  it('refuses pages of other sites on every route that touches the cookie', async () => {
    const { cookie } = await login(credentials);
    for (const path of ['/v1/auth/login', '/v1/auth/refresh', '/v1/auth/logout', '/v1/setup']) {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: cage.server.url.replace('http:', 'https:') },
        { 'sec-fetch-site': 'cross-site' },
      ] as Record<string, string>[]) {
        const answer = await cage.api.post(path, credentials, {
          headers: { cookie: cookie!, ...headers },
        });
        expect([path, headers, answer.body.error.code]).toEqual([path, headers, 'ORIGIN_REFUSED']);
      }
    }
    expect((await refresh(cookie, { origin: cage.server.url })).status).toBe(200);
  });

  it('uses a __Host- cookie over https', async () => {
    const answer = await cage.api.post('/v1/auth/login', credentials, {
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.9.9.9' },
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-ic_refresh=[\w-]{86}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  it('limits guesses per account, whatever addresses they come from', async () => {
    const guess = { email: 'target@example.com', password: 'guess' };
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push(await login(guess, `10.1.${i}.1`));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(answers[10]?.body.error.code).toBe('RATE_LIMITED');
    expect(Number(answers[10]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await login(credentials, '10.1.0.1')).status).toBe(200);
  });

  it('limits guesses per address, whatever accounts they are for', async () => {
    const statuses = [];
    for (let i = 0; i < 32; i++) {
      const guess = { email: `person${i}@example.com`, password: 'guess' };
      statuses.push((await login(guess, '10.2.0.1')).status);
    }
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(30)).toEqual([429, 429]);
  });

  it('refuses malformed bodies without an account or address being counted as found', async () => {
    for (const body of [{}, { email: 7, password: [] }, { ...credentials, role: 'owner' }]) {
      const answer = await login(body, '10.3.0.1');
      expect([answer.status, answer.body.error.code]).toEqual([422, 'VALIDATION_FAILED']);
    }
  });
});

async function eventually(check: () => Promise<void>, limitMs = 4_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
