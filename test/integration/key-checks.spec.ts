import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { KeyRecords } from '../../src/auth/data/key-records.js';
import { generateKey, renewKey } from '../../src/kernel/iron-cage-key.js';
import { newId } from '../../src/kernel/ids.js';
import { DEFAULT_RATE_LIMITS } from '../../src/platform/config/index.js';
import { call, Installation, sessionRequest } from '../harness/installation.js';
import { eventually } from '../harness/people.js';
import { hasRedis, OwnRedis } from '../harness/redis.js';
import { startServer, type TestServer } from '../harness/server.js';

const withRedis = hasRedis() ? describe : describe.skip;

withRedis('records of keys in Redis', () => {
  let own: OwnRedis;
  let redis: Redis;
  let records: KeyRecords;
  const { id: keyId, key } = generateKey('live');
  const facts = {
    organizationId: newId(),
    projectId: newId(),
    keyId,
    environment: 'live' as const,
    scopes: ['bootstrap', 'lease'] as const,
    ranges: ['10.0.0.0/8'],
    models: [],
    requestsPerMinute: null,
    senderBinding: 'off' as const,
  };
  const name = `ic:key:{${keyId}}`;
  const settled = () => eventually(async () => expect(await redis.get(name)).not.toBeNull());
  beforeAll(async () => {
    own = await OwnRedis.start();
    redis = new Redis(own.url);
    records = new KeyRecords(redis, randomBytes(32));
  });
  afterAll(async () => {
    redis.disconnect();
    await own.kill();
  });
  beforeEach(() => redis.flushall());

  it('give back what was put in, to the same key only, and hold nothing of it', async () => {
    records.put(key, { facts, epoch: 3n, leftMs: 60_000 });
    await settled();
    expect(await records.get(keyId, key)).toMatchObject({ facts, epoch: 3n });
    expect(await records.get(keyId, renewKey('live', keyId))).toBeUndefined();
    const text = (await redis.get(name)) ?? '';
    const plain = Buffer.from(text.split('.')[0] ?? '', 'base64url').toString();
    expect(text + plain).not.toContain(key.slice(-38));
    expect(await redis.pttl(name)).toBeLessThanOrEqual(30_000);
  });

  it('that were altered, widened, moved or made up are as if they were not there', async () => {
    records.put(key, { facts, epoch: 3n, leftMs: 60_000 });
    await settled();
    const text = (await redis.get(name)) ?? '';
    const [payload = '', mac = ''] = text.split('.');
    const altered = (change: object) =>
      Buffer.from(
        JSON.stringify({
          ...JSON.parse(Buffer.from(payload, 'base64url').toString()),
          ...change,
        }),
      ).toString('base64url');
    const forgeries = [
      `${altered({ ranges: [] })}.${mac}`,
      `${altered({ epoch: '99' })}.${mac}`,
      `${altered({ requestsPerMinute: 1e6 })}.${mac}`,
      `${altered({ validUntil: Date.now() + 1e9 })}.${mac}`,
      `${payload}.`,
      payload,
      `${payload}.${mac.slice(0, -2)}`,
      `${payload}.${randomBytes(32).toString('base64url')}`,
      'nonsense',
      '',
    ];
    for (const forgery of forgeries) {
      await redis.set(name, forgery);
      expect(await records.get(keyId, key)).toBeUndefined();
    }
    const other = generateKey('live');
    await redis.set(`ic:key:{${other.id}}`, text);
    expect(await records.get(other.id, other.key)).toBeUndefined();
    expect(await new KeyRecords(redis, randomBytes(32)).get(keyId, key)).toBeUndefined();
    await redis.del(name);
    await redis.lpush(name, 'a list');
    expect(await records.get(keyId, key)).toBeUndefined();
  });

  it('end with what they stand for', async () => {
    records.put(key, { facts, epoch: 0n, leftMs: 0 });
    records.put(key, { facts, epoch: 0n, leftMs: -5 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await redis.get(name)).toBeNull();
  });
});

withRedis('keys while Redis fails', () => {
  let redis: OwnRedis;
  let here: Installation;
  let there: TestServer;
  beforeAll(async () => {
    redis = await OwnRedis.start();
    const shared = { redisUrl: redis.url, kek: randomBytes(32).toString('base64') };
    here = await Installation.start(shared);
    there = await startServer({ ...shared, databaseUrl: here.server.databaseUrl });
  });
  afterAll(async () => {
    await there.stop();
    await here.stop();
    await redis.kill();
  });
  const accepted = async (url: string, token: string) => {
    const answer = await call(url, 'POST', '/v1/sdk/sessions', { token, body: sessionRequest() });
    if (answer.status !== 201 && answer.status !== 401)
      throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.status === 201;
  };

  it('a record that was kept from before a revocation lets nobody in', async () => {
    const { key, keyId } = await here.project();
    expect(await accepted(here.url, key)).toBe(true);
    const client = new Redis(redis.url);
    const name = `ic:key:{${keyId}}`;
    await eventually(async () => expect(await client.get(name)).not.toBeNull());
    const kept = (await client.get(name)) ?? '';
    await here.must('DELETE', `/v1/keys/${keyId}`);
    const until = performance.now() + 1_500;
    while (performance.now() < until) {
      await client.set(name, kept);
      for (const { url } of [here, there]) expect(await accepted(url, key)).toBe(false);
    }
    client.disconnect();
  });

  it('flushed or killed, good keys work, others do not, and a revocation is known within two seconds', async () => {
    const good = await here.project();
    const client = new Redis(redis.url);
    for (const fail of [() => client.flushall(), () => redis.kill()]) {
      const bad = await here.project();
      for (const { url } of [here, there]) expect(await accepted(url, bad.key)).toBe(true);
      await fail();
      for (const { url } of [here, there]) {
        expect(await accepted(url, good.key)).toBe(true);
        expect(await accepted(url, generateKey('live').key)).toBe(false);
      }
      await here.must('DELETE', `/v1/keys/${bad.keyId}`);
      await eventually(async () => {
        for (const { url } of [here, there]) expect(await accepted(url, bad.key)).toBe(false);
      }, 2_000);
    }
    client.disconnect();
    await redis.up();
  });
});

describe('guessing keys', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start({
      trustedProxies: ['127.0.0.1'],
      rateLimits: { ...DEFAULT_RATE_LIMITS, failures: 0.1, user: 1_000 },
    });
  });
  afterAll(() => site.stop());
  const start = (token: string, from: string) =>
    call(site.url, 'POST', '/v1/sdk/sessions', {
      token,
      body: sessionRequest(),
      headers: { 'x-forwarded-for': from },
    });

  it('is stopped per network, and neither a known key there nor anybody elsewhere is', async () => {
    const { key } = await site.project();
    const from = '198.51.100.1';
    expect((await start(key, from)).status).toBe(201);
    const statuses = [];
    for (let i = 0; i < 13; i++) statuses.push((await start(generateKey('live').key, from)).status);
    expect(statuses.slice(0, 10)).toEqual(Array<number>(10).fill(401));
    const limited = await start(generateKey('live').key, from);
    expect([limited.status, limited.body['error'].code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await start(key, from)).status).toBe(201);
  });

  it('with one dead key again and again costs its neighbours nothing', async () => {
    const from = '198.51.100.2';
    const dead = generateKey('live').key;
    for (let i = 0; i < 30; i++) expect((await start(dead, from)).status).toBe(401);
    expect((await start((await site.project()).key, from)).status).toBe(201);
  });

  it('takes as long for an unknown id as for a wrong secret', async () => {
    const { keyId } = await site.project();
    const sample = async (key: string, from: string) => {
      const begin = performance.now();
      expect((await start(key, from)).status).toBe(401);
      return performance.now() - begin;
    };
    const unknown: number[] = [];
    const wrong: number[] = [];
    for (let i = 0; i < 200; i++) {
      // Each from a network of its own, in turns, so that both meet the same noise.
      unknown.push(await sample(generateKey('live').key, `10.20.${i}.1`));
      wrong.push(await sample(renewKey('live', keyId), `10.21.${i}.1`));
    }
    const median = (list: number[]) => [...list].sort((a, b) => a - b)[list.length / 2] ?? NaN;
    const difference = Math.abs(median(unknown) - median(wrong));
    expect(difference).toBeLessThan(Math.max(1, 0.25 * median(wrong)));
  });
});

describe('limits of requests', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start({ rateLimits: { ...DEFAULT_RATE_LIMITS, organization: 20 } });
  });
  afterAll(() => site.stop());

  it('are told with every answer of an agent, and refuse with the time to wait', async () => {
    const project = await site.project({ deposit: '1' });
    const { secret } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'slow',
      environment: 'dev',
      requestsPerMinute: 5,
    });
    const beat = (key: string) => site.as(key, 'POST', `/v1/sdk/sessions/${newId()}/heartbeat`, {});
    const first = await beat(secret);
    expect(first.status).toBe(404);
    expect(first.headers.get('ratelimit-policy')).toBe('"key";q=5;w=60');
    expect(first.headers.get('ratelimit')).toBe('"key";r=4;t=60');
    for (let i = 0; i < 4; i++) await beat(secret);
    const limited = await beat(secret);
    expect([limited.status, limited.body['error'].code]).toEqual([429, 'RATE_LIMITED']);
    expect(limited.body['error'].details).toEqual({ limit: 'key' });
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(limited.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/);
    // Another key of the same project goes on, until the organization is over its own.
    const others = [];
    for (let i = 0; i < 60; i++) others.push(beat(project.key));
    const answers = await Promise.all(others);
    expect(answers[0]?.status).toBe(404);
    const over = answers.find(({ status }) => status === 429);
    expect(over?.body['error'].details).toEqual({ limit: 'organization' });
  });
});
