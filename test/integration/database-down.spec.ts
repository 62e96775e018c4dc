import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/database/embedded-postgres.js';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import {
  type Answer,
  Installation,
  type ProjectFixture,
  sessionRequest,
  usage,
} from '../harness/installation.js';
import { type Link, openLink } from '../harness/link.js';
import { eventually } from '../harness/people.js';
import { createDatabase } from '../harness/server.js';

const QUICK = ['fsync=off', 'synchronous_commit=off'];

/** A PostgreSQL of this file's own, because it is stopped. */
describe('while PostgreSQL is stopped', () => {
  let folder: string;
  let database: EmbeddedPostgres;
  let site: Installation;
  let project: ProjectFixture;
  let session: string;
  let leaseId: string;
  const events = new AbortController();
  let streamEnded = false;

  const start = () => startEmbeddedPostgres(path.join(folder, 'pg'), { flags: QUICK });
  const beat = (key = project.key, of = session) =>
    site.as(key, 'POST', `/v1/sdk/sessions/${of}/heartbeat`, {});
  const isRefused = async (answer: Promise<Answer>) => {
    const { status, body, headers } = await answer;
    expect([status, body['error']?.code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-down-'));
    database = await start();
    site = await Installation.start({ databaseUrl: database.url });
    project = await site.project({ deposit: '1' });
    session = await site.session(project.key);
    leaseId = newId();
    const wish = { leaseId, sessionId: session, wanted: '0.1', minimum: '0' };
    expect((await site.as(project.key, 'POST', '/v1/sdk/leases', wish)).status).toBe(201);
    const response = await fetch(`${site.url}/v1/sdk/sessions/${session}/events`, {
      headers: { authorization: `Bearer ${project.key}` },
      signal: events.signal,
    });
    void (async () => {
      for await (const _chunk of response.body!);
    })()
      .catch(() => undefined)
      .finally(() => (streamEnded = true));
    expect((await beat()).status).toBe(200);
    await database.stop();
  }, 120_000);
  afterAll(async () => {
    events.abort();
    await site.stop();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('agents that were known go on beating, and are told what was true last', async () => {
    const untilMs = performance.now() + 5_000;
    // Longer than anything is believed without a look at the database.
    while (performance.now() < untilMs) {
      const { status, body } = await beat();
      expect([status, body]).toMatchObject([
        200,
        { session: 'active', key: 'active', project: 'active', available: '0.900000000' },
      ]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(streamEnded).toBe(false);
  });

  it('nobody else is let in, nor told anything', async () => {
    await isRefused(beat(generateKey('dev').key));
    await isRefused(beat(project.key, newId()));
    await isRefused(site.as(site.token, 'GET', '/v1/auth/me'));
    expect((await beat(project.key.slice(0, -1))).status).toBe(401);
  });

  it('money and secrets are refused with the time to wait', async () => {
    const wish = { leaseId: newId(), sessionId: session, wanted: '0.1', minimum: '0' };
    await isRefused(site.as(project.key, 'POST', '/v1/sdk/leases', wish));
    const report = { sessionId: session, seq: 1, usage: [usage({ output: 1_000 })], final: true };
    const path = `/v1/sdk/leases/${leaseId}/settlements`;
    await isRefused(site.as(project.key, 'POST', path, report));
    await isRefused(site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest()));
    await isRefused(site.as(project.key, 'GET', `/v1/sdk/sessions/${session}/events`));
    await isRefused(site.as(project.key, 'DELETE', `/v1/sdk/sessions/${session}`));
  });

  it('nothing is lost: the same report is booked once it runs again, and a revocation counts', async () => {
    database = await start();
    const report = { sessionId: session, seq: 1, usage: [usage({ output: 1_000 })], final: true };
    const path = `/v1/sdk/leases/${leaseId}/settlements`;
    await eventually(async () => {
      const answer = await site.as(project.key, 'POST', path, report);
      expect([answer.status, answer.body['booked']]).toEqual([200, '0.002000000']);
    }, 20_000);
    await site.must('DELETE', `/v1/keys/${project.keyId}`);
    expect((await beat()).body).toMatchObject({ error: { code: 'KEY_REVOKED' } });
    await eventually(async () => {
      await Promise.resolve();
      expect(streamEnded).toBe(true);
    });
  }, 90_000);
});

describe('while PostgreSQL hangs', () => {
  /** Of the SDK: what comes later is not heard. */
  const AGENT_WAITS_MS = 5_000;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let link: Link;
  let site: Installation;
  beforeAll(async () => {
    database = await createDatabase();
    const { hostname, pathname, username, password } = new URL(database.url);
    const socket = path.join(decodeURIComponent(hostname), '.s.PGSQL.5432');
    link = await openLink({ path: socket });
    const databaseUrl = `postgres://${username}:${password}@127.0.0.1:${link.port}${pathname}`;
    site = await Installation.start({ databaseUrl });
  });
  afterAll(async () => {
    await link.close();
    await site.stop();
    await database.drop();
  });

  it('agents that were known get their answer before they give up', async () => {
    const project = await site.project({ deposit: '1' });
    const session = await site.session(project.key);
    const beat = () => site.as(project.key, 'POST', `/v1/sdk/sessions/${session}/heartbeat`, {});
    expect((await beat()).status).toBe(200);
    link.cut();
    const cutMs = performance.now();
    do {
      const begunMs = performance.now();
      expect(await beat()).toMatchObject({ status: 200, body: { project: 'active' } });
      expect(performance.now() - begunMs).toBeLessThan(AGENT_WAITS_MS);
    } while (performance.now() - cutMs < 5_000);
    const wish = { leaseId: newId(), sessionId: session, wanted: '0.1', minimum: '0' };
    expect((await site.as(project.key, 'POST', '/v1/sdk/leases', wish)).status).toBe(503);
  });
});
