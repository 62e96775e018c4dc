import { randomBytes } from 'node:crypto';
import { call, Installation, sessionRequest } from '../harness/installation.js';
import { cookieOf, eventually } from '../harness/people.js';
import { startServer, type TestServer } from '../harness/server.js';

const redisUrl = process.env['IRON_CAGE_TEST_REDIS_URL'];
const whereRedisIs = redisUrl === undefined ? describe.skip : describe;

/** A signal needs no more than this; waiting for what is remembered to expire would take two seconds. */
const SIGNAL_MS = 500;

whereRedisIs('two replicas with one database and one Redis', () => {
  let here: Installation;
  let there: TestServer;
  beforeAll(async () => {
    const shared = {
      redisUrl,
      kek: randomBytes(32).toString('base64'),
      trustedProxies: ['127.0.0.1'],
    };
    here = await Installation.start(shared);
    there = await startServer({ ...shared, databaseUrl: here.server.databaseUrl });
  });
  afterAll(async () => {
    await there.stop();
    await here.stop();
  });

  const meThere = (token: string) => call(there.url, 'GET', '/v1/auth/me', { token });

  it('accept what the other one issued', async () => {
    expect((await meThere(here.token)).status).toBe(200);
    expect(there.setupToken).toBe('');
  });

  it('refuse a key as soon as the other one revoked it', async () => {
    const { key, keyId } = await here.project();
    const start = () =>
      call(there.url, 'POST', '/v1/sdk/sessions', { token: key, body: sessionRequest() });
    expect((await start()).status).toBe(201);
    await here.must('DELETE', `/v1/keys/${keyId}`);
    await eventually(async () => expect((await start()).status).toBe(401), SIGNAL_MS);
  });

  it('refuse an access token as soon as the other one ended its login', async () => {
    const person = { email: 'two@acme.test', password: 'a password of some length' };
    await here.must('POST', '/v1/members', { ...person, name: 'Two', role: 'viewer' });
    const signedIn = await call(here.url, 'POST', '/v1/auth/login', { body: person });
    const token = signedIn.body['accessToken'] as string;
    expect((await meThere(token)).status).toBe(200);
    const headers = { cookie: cookieOf(signedIn) ?? '' };
    const refreshed = await call(there.url, 'POST', '/v1/auth/refresh', { headers });
    expect(refreshed.status).toBe(200);
    await call(here.url, 'POST', '/v1/auth/logout', { headers });
    await eventually(async () => expect((await meThere(token)).status).toBe(401), SIGNAL_MS);
  });

  it('count guesses together', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const url = i % 2 === 0 ? here.url : there.url;
      const body = { email: 'target@acme.test', password: 'guess' };
      const headers = { 'x-forwarded-for': '10.7.0.1' };
      statuses.push((await call(url, 'POST', '/v1/auth/login', { body, headers })).status);
      // They tell each other twenty times a second.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Alone each would let ten through. What the other one did last may not be known yet.
    expect(statuses.slice(0, 10)).toEqual(Array<number>(10).fill(401));
    expect(statuses.at(-1)).toBe(429);
  });
});
