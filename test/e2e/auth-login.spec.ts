import { call, Installation, OWNER } from '../harness/installation.js';
import { cookieOf, eventually, query } from '../harness/people.js';
import { startServer } from '../harness/server.js';

describe('set-up', () => {
  it('happens once, with the newest token only, and signs its owner in', async () => {
    const server = await startServer();
    try {
      const setup = (body?: object) =>
        call(server.url, body ? 'POST' : 'GET', '/v1/setup', { body });
      const wish = { ...OWNER, organizationName: 'Acme', token: server.setupToken };
      expect((await setup()).body).toEqual({ required: true });

      const wrong = await setup({ ...wish, token: 'guess' });
      expect([wrong.status, wrong.body.error.code]).toEqual([403, 'SETUP_TOKEN_INVALID']);

      const answers = await Promise.all([1, 2, 3].map(() => setup(wish)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      const done = answers.find(({ status }) => status === 201)!;
      expect(done.body).toMatchObject({
        role: 'owner',
        user: { email: OWNER.email, name: OWNER.name, operator: true },
        organization: { name: 'Acme', timeZone: 'UTC' },
      });
      expect(done.headers.getSetCookie()[0]).toMatch(
        /^ic_refresh=[\w-]{86}; Path=\/v1\/auth; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
      );
      expect((await setup()).body).toEqual({ required: false });
      const late = await setup({ ...wish, token: 'whatever' });
      expect(late.body.error.code).toBe('SETUP_DONE');
    } finally {
      await server.stop();
    }
  });
});

describe('sign-in', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.start({ trustedProxies: ['127.0.0.1'] });
  });
  afterAll(() => installation.stop());

  // Each test is another person at another address, so that no test uses up another's attempts.
  let credentials: { email: string; password: string };
  let address: string;
  let count = 0;
  beforeEach(async () => {
    count++;
    address = `10.0.${count}.1`;
    credentials = { email: `person-${count}@example.com`, password: 'a password of some length' };
    const member = { ...credentials, name: 'Petra Person', role: 'admin' };
    expect((await installation.as(installation.token, 'POST', '/v1/members', member)).status).toBe(
      201,
    );
  });

  const post = (path: string, body?: object, headers: Record<string, string> = {}) =>
    call(installation.url, 'POST', path, { body, headers });
  const login = (body: object, ip = address) =>
    post('/v1/auth/login', body, { 'x-forwarded-for': ip });
  const refresh = (cookie: string | undefined, headers: Record<string, string> = {}) =>
    post('/v1/auth/refresh', undefined, { cookie: cookie ?? '', ...headers });
  const me = (token: string) => installation.as(token, 'GET', '/v1/auth/me');

  it('answers who you are, without anything that the contract does not name', async () => {
    const answer = await login({ ...credentials, email: credentials.email.toUpperCase() });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(
      ['accessToken', 'expiresInSeconds', 'organization', 'role', 'user'].sort(),
    );
    const who = await me(answer.body.accessToken);
    expect(who.body).toEqual({
      userId: answer.body.user.id,
      email: credentials.email,
      organizationId: answer.body.organization.id,
      role: 'admin',
      permissions: expect.arrayContaining(['project:write', 'audit:read']),
    });
  });

  it('refuses unknown, wrong and foreign alike', async () => {
    const answers = [
      await login({ email: 'nobody@example.com', password: credentials.password }),
      await login({ ...credentials, password: 'wrong password, but long' }),
      await login({ ...credentials, organizationId: '00000000-0000-7000-8000-000000000000' }),
    ];
    const plain = answers.map(({ status, body }) => [status, body.error.code, body.error.message]);
    expect(new Set(plain.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(plain[0]?.slice(0, 2)).toEqual([401, 'LOGIN_FAILED']);
  });

  it('refuses a disabled user, and ends what that user holds', async () => {
    const before = await login(credentials);
    expect((await me(before.body.accessToken)).status).toBe(200);
    await query(installation, `UPDATE users SET disabled_at = now() WHERE email = $1`, [
      credentials.email,
    ]);
    expect((await login(credentials)).body.error.code).toBe('LOGIN_FAILED');
    expect((await refresh(cookieOf(before))).body.error.code).toBe('NOT_SIGNED_IN');
    await eventually(async () => {
      expect((await me(before.body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
    });
  });

  it('rotates the refresh token, and gives a lost answer again', async () => {
    const first = await login(credentials);
    const second = await refresh(cookieOf(first));
    expect(second.status).toBe(200);
    expect(cookieOf(second)).not.toBe(cookieOf(first));
    expect((await me(second.body.accessToken)).status).toBe(200);
    const again = await refresh(cookieOf(first));
    expect([again.status, cookieOf(again)]).toEqual([200, cookieOf(second)]);
    expect((await refresh(cookieOf(second))).status).toBe(200);
  });

  it('gives tabs that refresh at once the same successor', async () => {
    const cookie = cookieOf(await login(credentials));
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(cookie)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(cookieOf)).size).toBe(1);
  });

  it.each(['the one before, too late', 'an older one'])(
    'ends the whole login when a refresh token is used again: %s',
    async (which) => {
      const first = await login(credentials);
      let last = await refresh(cookieOf(first));
      if (which === 'an older one') last = await refresh(cookieOf(last));
      else
        await query(
          installation,
          `UPDATE logins SET rotated_at = rotated_at - interval '11 seconds'`,
        );
      const reused = await refresh(cookieOf(first));
      expect([reused.status, reused.body.error.code]).toEqual([401, 'NOT_SIGNED_IN']);
      expect((await refresh(cookieOf(last))).status).toBe(401);
      expect((await me(last.body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
      const { items } = await installation.must('GET', '/v1/audit?limit=1');
      expect(items[0]).toMatchObject({ action: 'login.reuse', actorName: 'Petra Person' });
    },
  );

  it('a guessed token ends nothing', async () => {
    const first = await login(credentials);
    const forged = `${cookieOf(first)!.slice(0, -4)}AAAA`;
    expect((await refresh(forged)).status).toBe(401);
    expect((await refresh(undefined)).status).toBe(401);
    expect((await refresh(cookieOf(first))).status).toBe(200);
  });

  it('lasts thirty days, however often it is refreshed, and is then forgotten', async () => {
    const first = await login(credentials);
    const logins = () =>
      query<{ id: string; days: number }>(
        installation,
        `SELECT l.id, extract(epoch FROM expires_at - now())::float8 / 86400 AS days
           FROM logins l JOIN users u ON u.id = user_id WHERE email = $1`,
        [credentials.email],
      );
    const expireIn = (interval: string) =>
      query(
        installation,
        `UPDATE logins SET expires_at = now() + $2::interval
          WHERE user_id = (SELECT id FROM users WHERE email = $1)`,
        [credentials.email, interval],
      );
    expect((await logins())[0]?.days).toBeCloseTo(30, 2);
    await expireIn('1 hour');
    const second = await refresh(cookieOf(first));
    expect(second.status).toBe(200);
    expect((await logins())[0]?.days).toBeLessThan(1);
    await expireIn('0 seconds');
    expect((await refresh(cookieOf(second))).body['error'].code).toBe('NOT_SIGNED_IN');
    const [old] = await logins();
    await login(credentials);
    const left = await logins();
    expect(left).toHaveLength(1);
    expect(left[0]?.id).not.toBe(old?.id);
  });

  it('logout ends the login at once, and may be repeated', async () => {
    const signedIn = await login(credentials);
    const { body } = signedIn;
    const cookie = cookieOf(signedIn);
    expect((await me(body.accessToken)).status).toBe(200);
    for (const _ of [1, 2]) {
      const out = await post('/v1/auth/logout', undefined, { cookie: cookie! });
      expect(out.status).toBe(204);
      expect(out.headers.getSetCookie()[0]).toMatch(/^ic_refresh=; Max-Age=0; Path=\/v1\/auth/);
    }
    expect((await me(body.accessToken)).body.error.code).toBe('TOKEN_INVALID');
    expect((await refresh(cookie)).body.error.code).toBe('NOT_SIGNED_IN');
  });

  it('refuses pages of other sites on every route that touches the cookie', async () => {
    const cookie = cookieOf(await login(credentials));
    for (const path of ['/v1/auth/login', '/v1/auth/refresh', '/v1/auth/logout', '/v1/setup']) {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: installation.url.replace('http:', 'https:') },
        { 'sec-fetch-site': 'cross-site' },
      ] as Record<string, string>[]) {
        const answer = await post(path, credentials, { cookie: cookie!, ...headers });
        expect([path, headers, answer.body.error.code]).toEqual([path, headers, 'ORIGIN_REFUSED']);
      }
    }
    expect((await refresh(cookie, { origin: installation.url })).status).toBe(200);
  });

  it('uses a __Host- cookie over https', async () => {
    const answer = await post('/v1/auth/login', credentials, {
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.9.9.9',
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-ic_refresh=[\w-]{86}; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  it('limits guesses at one account from one address, and leaves its owner elsewhere alone', async () => {
    const guess = { ...credentials, password: 'guess' };
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push(await login(guess, '10.1.0.1'));
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(answers[10]?.body.error.code).toBe('RATE_LIMITED');
    expect(Number(answers[10]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await login(credentials, '10.1.0.1')).status).toBe(429);
    expect((await login(credentials, '10.1.9.1')).status).toBe(200);
  });

  it('counts no success: who signs in often is not kept out', async () => {
    for (let i = 0; i < 15; i++) expect((await login(credentials, '10.4.0.1')).status).toBe(200);
  });

  it('limits a thousand guesses from everywhere at one account, but not who signed in there before', async () => {
    expect((await login(credentials, '10.5.0.1')).status).toBe(200);
    const statuses = new Map<number, number>();
    const guess = async (i: number) => {
      const from = `10.6.${Math.floor(i / 8)}.1`;
      const { status } = await login({ ...credentials, password: `guess ${i}` }, from);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    for (let i = 0; i < 1_000; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, k) => guess(i + k)));
    expect(statuses.get(401)).toBeGreaterThanOrEqual(80);
    expect(statuses.get(401)).toBeLessThanOrEqual(110);
    expect((statuses.get(401) ?? 0) + (statuses.get(429) ?? 0)).toBe(1_000);
    expect((await login(credentials, '10.7.0.1')).status).toBe(429);
    expect((await login(credentials, '10.5.0.1')).status).toBe(200);
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

describe('sign-in without a trusted proxy', () => {
  it('counts by the address of the connection, whatever a header claims', async () => {
    const installation = await Installation.start();
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 31; i++) {
        const body = { email: `somebody-${i}@example.com`, password: 'guess' };
        const headers = { 'x-forwarded-for': `10.8.${i}.1`, 'x-real-ip': `10.8.${i}.1` };
        const answer = await call(installation.url, 'POST', '/v1/auth/login', { body, headers });
        statuses.push(answer.status);
      }
      expect(statuses).toEqual([...Array<number>(30).fill(401), 429]);
      const https = await call(installation.url, 'POST', '/v1/auth/refresh', {
        headers: { origin: installation.url, 'x-forwarded-proto': 'https' },
      });
      expect(https.body['error'].code).toBe('NOT_SIGNED_IN');
    } finally {
      await installation.stop();
    }
  });
});
