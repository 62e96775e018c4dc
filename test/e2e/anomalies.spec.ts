import { randomBytes } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { callFrom } from '../harness/call-from.js';
import {
  call,
  Installation,
  type Json,
  type ProjectFixture,
  sessionRequest,
} from '../harness/installation.js';
import { eventually, query, secondOrganization, signInAs } from '../harness/people.js';
import { startServer, type TestServer } from '../harness/server.js';
import { listenToState } from '../harness/state-stream.js';

const HERE = '127.0.0.5';
const THERE = '127.0.0.6';
const NOBODY = '127.0.0.7';
/** From the second use of the key to its end. */
const BLOCKED_WITHIN_MS = 1_000;
const REVOKED_WITHIN_MS = 5_000;

let site: Installation;
let replica: TestServer;
let project: ProjectFixture;

beforeAll(async () => {
  const kek = randomBytes(32).toString('base64');
  site = await Installation.start({ kek });
  replica = await startServer({ kek, databaseUrl: site.server.databaseUrl });
});
afterAll(async () => {
  await replica.stop();
  await site.stop();
});
beforeEach(async () => {
  project = await site.project({ deposit: '5' });
});

const start = (ip: string, url = site.url, token = project.key) =>
  callFrom(ip, url, 'POST', '/v1/sdk/sessions', { token, body: sessionRequest() });
const beat = (ip: string, sessionId: string, url = site.url) =>
  callFrom(ip, url, 'POST', `/v1/sdk/sessions/${sessionId}/heartbeat`, {
    token: project.key,
    body: {},
  });
const anomalies = (search = ''): Promise<Json[]> =>
  site.must('GET', `/v1/anomalies?projectId=${project.id}${search}`).then(({ items }) => items);
const policy = (change: object) =>
  site
    .must('GET', `/v1/projects/${project.id}/anomaly-policy`)
    .then((before) =>
      site.must('PUT', `/v1/projects/${project.id}/anomaly-policy`, { ...before, ...change }),
    );
const keyState = () =>
  site
    .must('GET', `/v1/keys?projectId=${project.id}`)
    .then(({ items }: Json) => items[0].state as string);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('one key in two places', () => {
  it('is blocked within a second, with both addresses as evidence, and released by one click', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    const stream = await listenToState(site.url, project.key, here, HERE);
    const there = await start(THERE);
    const stolenMs = performance.now();
    expect(there.status).toBe(201);
    let status = 200;
    while (status === 200) {
      ({ status } = await beat(HERE, here));
      expect(performance.now() - stolenMs).toBeLessThan(BLOCKED_WITHIN_MS);
    }
    expect(status).toBe(401);
    const refused = await start(THERE);
    expect([refused.status, refused.body['error'].code]).toEqual([401, 'KEY_BLOCKED']);
    expect((await stream.until(({ key }) => key === 'revoked')) - stolenMs).toBeLessThan(2_000);
    stream.close();
    expect(await keyState()).toBe('blocked');
    const [found, ...more] = await anomalies('&open=true');
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      kind: 'addresses',
      action: 'block',
      projectName: project.name,
      keyId: project.keyId,
      releasedAt: null,
    });
    const evidence = found?.['evidence'].addresses as Json[];
    expect(evidence.map(({ ip }) => ip).sort()).toEqual([HERE, THERE]);
    expect(evidence.find(({ ip }) => ip === HERE)?.['sessionIds']).toEqual([here]);
    expect(evidence.find(({ ip }) => ip === THERE)?.['sessionIds']).toEqual([
      there.body['sessionId'],
    ]);
    for (const { lastSeenAt } of evidence)
      expect(Date.now() - Date.parse(lastSeenAt)).toBeLessThan(10_000);

    const released = await site.must('POST', `/v1/anomalies/${found?.['id']}/release`, {});
    expect(released['releasedAt']).not.toBeNull();
    expect((await beat(HERE, here)).status).toBe(200);
    expect(await keyState()).toBe('active');
    expect(await anomalies('&open=true')).toEqual([]);
    const audit = await query<{ action: string; actor: string }>(
      site,
      `SELECT action, actor FROM audit_events WHERE target = $1 AND action LIKE 'key.%' ORDER BY id`,
      [`key:${project.keyId}`],
    );
    expect(audit.map(({ action }) => action)).toEqual(['key.create', 'key.anomaly', 'key.release']);
    expect(audit[1]?.actor).toBe('server');
    const told = await query(
      site,
      `SELECT 1 FROM outbox_events WHERE kind = 'key.anomaly' AND payload->>'scopeId' = $1`,
      [project.keyId],
    );
    expect(told).toHaveLength(1);
  });

  it('names the sessions that ran then, however long ago that was', async () => {
    const long = (await start(HERE)).body['sessionId'] as string;
    const ended = (await start(HERE)).body['sessionId'] as string;
    await query(
      site,
      `UPDATE sessions SET started_at = started_at - interval '2 hours',
         ended_at = CASE WHEN id = $1 THEN now() - interval '1 hour' END WHERE id IN ($1, $2)`,
      [ended, long],
    );
    const thief = (await start(THERE)).body['sessionId'] as string;
    await eventually(async () => expect(await anomalies()).toHaveLength(1));
    const sessions = async () => {
      const [found] = await anomalies();
      const addresses = found?.['evidence'].addresses as Json[];
      return Object.fromEntries(addresses.map(({ ip, sessionIds }) => [ip, sessionIds]));
    };
    const then = { [HERE]: [long], [THERE]: [thief] };
    expect(await sessions()).toEqual(then);

    const [found] = await anomalies();
    await site.must('POST', `/v1/anomalies/${found?.['id']}/release`, {});
    await query(
      site,
      `UPDATE sessions SET started_at = started_at - interval '40 days', ended_at = ended_at - interval '40 days' WHERE key_id = $1`,
      [project.keyId],
    );
    await query(
      site,
      `UPDATE anomalies SET first_at = first_at - interval '40 days' WHERE key_id = $1`,
      [project.keyId],
    );
    await query(
      site,
      `UPDATE sessions SET ended_at = now() - interval '39 days' WHERE key_id = $1 AND ended_at IS NULL`,
      [project.keyId],
    );
    expect((await start(HERE)).status).toBe(201);
    expect(await sessions()).toEqual(then);
  });

  it('is noticed although each place uses another replica, and blocked on both', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    expect((await start(THERE, replica.url)).status).toBe(201);
    const stolenMs = performance.now();
    for (const url of [site.url, replica.url]) {
      while ((await beat(HERE, here, url)).status === 200)
        expect(performance.now() - stolenMs).toBeLessThan(BLOCKED_WITHIN_MS);
    }
    expect(await anomalies()).toHaveLength(1);
  });

  it('is noticed when both come at the same moment', async () => {
    await Promise.all([start(HERE), start(THERE, replica.url), start(HERE), start(THERE)]);
    await eventually(async () => expect(await keyState()).toBe('blocked'), BLOCKED_WITHIN_MS);
  });

  it('may not borrow once it is blocked, yet its usage is booked', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    const lease = { leaseId: newId(), sessionId: here, wanted: '0.5', minimum: '0' };
    const borrow = (leaseId: string) =>
      callFrom(HERE, site.url, 'POST', '/v1/sdk/leases', {
        token: project.key,
        body: { ...lease, leaseId },
      });
    expect((await borrow(lease.leaseId)).status).toBe(201);
    await start(THERE);
    await eventually(async () => expect((await borrow(newId())).status).toBe(401), 1_000);
    const path = `/v1/sdk/leases/${lease.leaseId}/settlements`;
    const body = { sessionId: here, seq: 1, usage: [], final: true };
    const report = await callFrom(HERE, site.url, 'POST', path, { token: project.key, body });
    expect(report).toMatchObject({
      status: 200,
      body: { state: 'SETTLED', booked: '0.000000000' },
    });
  });
});

describe('what is not one key in two places', () => {
  const stillRuns = async (sessionId: string, ip: string) => {
    await wait(300);
    expect((await beat(ip, sessionId)).status).toBe(200);
    expect(await anomalies()).toEqual([]);
  };

  it('is an agent that ends in one place and starts in another', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    await callFrom(HERE, site.url, 'DELETE', `/v1/sdk/sessions/${here}`, { token: project.key });
    await wait(100);
    await stillRuns((await start(THERE)).body['sessionId'], THERE);
  });

  it('is an agent that was silent for so long that it is gone', async () => {
    await start(HERE);
    await wait(200);
    await query(
      site,
      `UPDATE key_places SET places = jsonb_build_object($2::text, extract(epoch FROM now() - interval '21 seconds') * 1000) WHERE key_id = $1`,
      [project.keyId, HERE],
    );
    await stillRuns((await start(THERE)).body['sessionId'], THERE);
  });

  it('are places that count as one', async () => {
    await policy({ groups: [{ name: 'Egress', ranges: ['127.0.0.4/30'] }] });
    await start(HERE);
    await stillRuns((await start(THERE)).body['sessionId'], THERE);
    await start('127.0.0.9');
    await eventually(async () => expect(await keyState()).toBe('blocked'), 1_000);
  });

  it('is anything that somebody without the key can do', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    const wrong = `${project.key.slice(0, 16)}${'0'.repeat(project.key.length - 16)}`;
    for (const token of [wrong, project.key.slice(0, -1), 'ic_dev_00000000_x'])
      expect((await start(NOBODY, site.url, token)).status).toBe(401);
    await stillRuns(here, HERE);
  });
});

describe('what a project does about it', () => {
  it('may be nothing, and a record', async () => {
    await policy({ addresses: 'off' });
    const here = (await start(HERE)).body['sessionId'] as string;
    await start(THERE);
    await wait(300);
    expect(await anomalies()).toEqual([]);
    await policy({ addresses: 'alert' });
    await start(NOBODY);
    await eventually(async () => expect(await anomalies()).toMatchObject([{ action: 'alert' }]));
    expect((await beat(HERE, here)).status).toBe(200);
  });

  it('may be a pause, which a release undoes', async () => {
    await policy({ addresses: 'pause' });
    const here = (await start(HERE)).body['sessionId'] as string;
    await start(THERE);
    await eventually(async () =>
      expect((await beat(HERE, here)).body).toMatchObject({ project: 'paused' }),
    );
    const [found] = await anomalies();
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({
      pauseReason: found?.['summary'],
    });
    await site.must('POST', `/v1/anomalies/${found?.['id']}/release`, {});
    expect((await beat(HERE, here)).body).toMatchObject({ project: 'active' });
  });

  it('does not undo what a person did meanwhile', async () => {
    await policy({ addresses: 'pause' });
    await start(HERE);
    await start(THERE);
    await eventually(async () => expect(await anomalies()).toHaveLength(1));
    await site.must('POST', `/v1/projects/${project.id}/pause`, { reason: 'I look into it' });
    const [found] = await anomalies();
    await site.must('POST', `/v1/anomalies/${found?.['id']}/release`, {});
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({ state: 'paused' });
  });

  it('may be taught by the release that the places are one', async () => {
    const here = (await start(HERE)).body['sessionId'] as string;
    await start(THERE);
    await eventually(async () => expect(await keyState()).toBe('blocked'));
    const [found] = await anomalies();
    const path = `/v1/anomalies/${found?.['id']}/release`;
    const developer = await signInAs(site, 'developer', 'anomaly-dev@acme.test');
    expect((await site.as(developer, 'POST', path, { sameNetwork: true })).status).toBe(403);
    await site.must('POST', path, { sameNetwork: true });
    await start(THERE);
    await start(HERE);
    await wait(300);
    expect((await beat(HERE, here)).status).toBe(200);
    expect(await anomalies('&open=true')).toEqual([]);
    await site.must('POST', path, {}); // twice is the same as once
  });

  it('is refused when it makes no sense, and hidden from others', async () => {
    const path = `/v1/projects/${project.id}/anomaly-policy`;
    const stranger = await secondOrganization(site);
    expect((await site.as(stranger, 'GET', path)).status).toBe(404);
    const body = {
      addresses: 'block',
      velocity: 'alert',
      groups: [{ name: 'x', ranges: ['10.0.0.0/33'] }],
    };
    const refused = await site.as(site.token, 'PUT', path, body);
    expect([refused.status, refused.body['error'].code]).toEqual([422, 'VALIDATION_FAILED']);
    expect((await site.as(stranger, 'GET', '/v1/anomalies')).body['items']).toEqual([]);
  });
});

describe('a key that borrows too fast', () => {
  const session = () => site.session(project.key);
  const borrow = async (sessionId: string) => {
    const body = { leaseId: newId(), sessionId, wanted: '0.5', minimum: '0.5' };
    return (await site.as(project.key, 'POST', '/v1/sdk/leases', body)) as {
      status: number;
      body: Json;
    };
  };
  beforeEach(() =>
    site.must('PATCH', `/v1/projects/${project.id}`, { policy: { velocityLimit: '1' } }),
  );

  it('is recorded, with the figures', async () => {
    const id = await session();
    expect([await borrow(id), await borrow(id)].map(({ status }) => status)).toEqual([201, 201]);
    expect((await borrow(id)).body['error'].code).toBe('VELOCITY_EXCEEDED');
    expect((await borrow(id)).status).toBe(429);
    expect(await anomalies()).toMatchObject([
      {
        kind: 'velocity',
        action: 'alert',
        times: 2,
        evidence: { addresses: [], perMinute: '1.000000000', limit: '1.000000000' },
      },
    ]);
    expect(await keyState()).toBe('active');
  });

  it('is blocked when the policy says so, in the transaction that refuses it', async () => {
    await policy({ velocity: 'block' });
    const id = await session();
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => borrow(id)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect((await borrow(id)).status).toBe(401);
    expect(await keyState()).toBe('blocked');
    const [found] = await anomalies();
    expect(found).toMatchObject({ kind: 'velocity', action: 'block' });
    await site.must('POST', `/v1/anomalies/${found?.['id']}/release`, {});
    expect((await borrow(id)).status).toBe(429);
  });

  it('pauses the project when the policy says so', async () => {
    await policy({ velocity: 'pause' });
    const id = await session();
    await borrow(id);
    await borrow(id);
    await borrow(id);
    expect((await borrow(id)).status).toBe(423);
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({ state: 'paused' });
    expect((await site.ledgerCheck()).ok).toBe(true);
  });
});

describe('a revoked key', () => {
  it('is accepted nowhere later than five seconds after', async () => {
    const id = await site.session(project.key);
    const accepted: number[] = [];
    let stopped = false;
    const hammer = async (url: string) => {
      while (!stopped) {
        const { status } = await call(url, 'POST', `/v1/sdk/sessions/${id}/heartbeat`, {
          token: project.key,
          body: {},
        });
        if (status < 400) accepted.push(performance.now());
        await wait(10);
      }
    };
    const hammering = [site.url, replica.url, site.url, replica.url].map(hammer);
    await wait(300);
    await site.must('DELETE', `/v1/keys/${project.keyId}`);
    const revokedMs = performance.now();
    await wait(REVOKED_WITHIN_MS + 1_000);
    stopped = true;
    await Promise.all(hammering);
    const last = Math.max(...accepted) - revokedMs;
    expect(accepted.length).toBeGreaterThan(10);
    expect(last).toBeLessThan(1_000);
  });
});
