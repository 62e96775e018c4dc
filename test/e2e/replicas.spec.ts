import { newId } from '../../src/kernel/ids.js';
import { call, Installation } from '../harness/installation.js';
import { startServer, type TestServer } from '../harness/server.js';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const REDIS_URL = process.env['IRON_CAGE_TEST_REDIS_URL'];
if (REDIS_URL === undefined)
  process.stdout.write('skipped: replicas with Redis, this machine has no redis-server\n');

/** Without Redis, replicas only have the database in common: the same promises must hold, by polling. */
const SETTINGS = [
  ['without Redis', undefined],
  ...(REDIS_URL === undefined ? [] : [['with Redis', REDIS_URL] as const]),
] as const;

describe.each(SETTINGS)('two replicas %s', (_name, redisUrl) => {
  let one: Installation;
  let two: TestServer;

  beforeAll(async () => {
    one = await Installation.start({ redisUrl });
    const kek = (await readFile(path.join(one.server.dataDir, 'kek'), 'utf8')).trim();
    two = await startServer({ databaseUrl: one.server.databaseUrl, kek, redisUrl });
  });
  afterAll(async () => {
    await two.stop();
    await one.stop();
  });

  it('share keys, tokens and money', async () => {
    const project = await one.project({ deposit: '1' });
    const session = await one.session(project.key);
    const lease = { leaseId: newId(), sessionId: session, wanted: '0.5', minimum: '0' };
    expect(
      (await call(two.url, 'POST', '/v1/sdk/leases', { token: project.key, body: lease })).status,
    ).toBe(201);
    expect(
      (await call(one.url, 'POST', '/v1/sdk/leases', { token: project.key, body: lease })).status,
    ).toBe(201);
    const seen = await call(two.url, 'GET', `/v1/projects/${project.id}`, { token: one.token });
    expect(seen.body['balance']).toMatchObject({ leased: '0.500000000', available: '0.500000000' });
  });

  it('refuse a lease at once after a pause on the other, and tell its agents within two seconds', async () => {
    const project = await one.project({ deposit: '1' });
    const session = await one.session(project.key);
    const stream = await fetch(`${two.url}/v1/sdk/sessions/${session}/events`, {
      headers: { authorization: `Bearer ${project.key}` },
    });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const told = (async () => {
      for (let text = ''; ;) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream ended');
        text += value;
        if (text.includes('"project":"paused"')) return performance.now();
      }
    })();
    await one.must('POST', `/v1/projects/${project.id}/pause`, {});
    const paused = performance.now();
    const lease = { leaseId: newId(), sessionId: session, wanted: '0.5', minimum: '0' };
    expect(
      (await call(two.url, 'POST', '/v1/sdk/leases', { token: project.key, body: lease })).status,
    ).toBe(423);
    expect((await told) - paused).toBeLessThan(2_000);
    await reader.cancel();
  });

  it('refuse a revoked key on the other within five seconds', async () => {
    const project = await one.project({ deposit: '1' });
    const session = await one.session(project.key);
    const beat = () =>
      call(two.url, 'POST', `/v1/sdk/sessions/${session}/heartbeat`, {
        token: project.key,
        body: {},
      });
    expect((await beat()).status).toBe(200);
    await one.must('DELETE', `/v1/keys/${project.keyId}`);
    const revoked = performance.now();
    while ((await beat()).status !== 401) expect(performance.now() - revoked).toBeLessThan(5_000);
  });
});
