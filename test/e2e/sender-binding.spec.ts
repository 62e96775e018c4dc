import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { ROUTES } from '../../src/routes.js';
import { BoundSession, rawCall } from '../harness/bound-session.js';
import { Installation, type Json, type ProjectFixture, usage } from '../harness/installation.js';
import { eventually, query } from '../harness/people.js';
import { startServer } from '../harness/server.js';

const BOUND = { policy: { senderBinding: 'required' }, deposit: '5' };

describe('requests of a session are bound to who started it', () => {
  let site: Installation;
  let project: ProjectFixture;
  let session: BoundSession;

  beforeAll(async () => {
    site = await Installation.start();
    project = await site.project(BOUND);
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    session = await BoundSession.start(site.url, project.key);
  });

  const wish = (sessionId: string) => ({
    leaseId: newId(),
    sessionId,
    wanted: '0.1',
    minimum: '0',
  });
  const report = (sessionId: string, more: object = {}) => ({
    sessionId,
    seq: 1,
    usage: [],
    final: true,
    ...more,
  });
  const settlements = (leaseId: string) => `/v1/sdk/leases/${leaseId}/settlements`;
  const borrow = async (of = session): Promise<string> => {
    const { status, body } = await of.call('POST', '/v1/sdk/leases', wish(of.id));
    expect({ status, body }).toMatchObject({ status: 201 });
    return body['leaseId'] as string;
  };
  const bare = (method: string, where: string, body?: object, token = project.key) =>
    rawCall(site.url, method, where, {
      token,
      body: body && Buffer.from(JSON.stringify(body)),
    });
  const outcome = ({ status, body }: { status: number; body: Json }) => [
    status,
    body['error']?.code,
  ];
  const beat = (id: string) => `/v1/sdk/sessions/${id}/heartbeat`;
  const setBinding = (id: string, senderBinding: string) =>
    site.must('PATCH', `/v1/projects/${id}`, { policy: { senderBinding } });

  it('goes all its way with proofs: lease, report, renewal, heartbeat, events, request, end', async () => {
    const leaseId = await borrow();
    const next = { leaseId: newId(), wanted: '0.1', minimum: '0' };
    const settled = await session.call(
      'POST',
      settlements(leaseId),
      report(session.id, { usage: [usage({ output: 1_000 })], next }),
    );
    expect(settled).toMatchObject({ status: 200, body: { next: { granted: true } } });
    expect((await session.call('POST', beat(session.id), {})).status).toBe(200);
    expect((await session.call('GET', `/v1/sdk/sessions/${session.id}/events`)).status).toBe(200);
    const ask = { id: newId(), amount: '1', reason: 'more' };
    expect((await session.call('POST', '/v1/sdk/budget-requests', ask)).status).toBe(201);
    expect((await session.call('DELETE', `/v1/sdk/sessions/${session.id}`)).status).toBe(204);
  });

  it('a stolen key alone settles nothing, borrows nothing and hears nothing', async () => {
    const leaseId = await borrow();
    const before = await site.balance(project.id);
    const tries = [
      bare('POST', settlements(leaseId), report(session.id)),
      bare('POST', '/v1/sdk/leases', wish(session.id)),
      bare('POST', beat(session.id), {}),
      bare('GET', `/v1/sdk/sessions/${session.id}/events`),
      bare('DELETE', `/v1/sdk/sessions/${session.id}`),
      bare('POST', '/v1/sdk/budget-requests', { id: newId(), amount: '1', reason: 'x' }),
    ];
    for (const answer of await Promise.all(tries)) {
      expect(outcome(answer)).toEqual([401, 'PROOF_REQUIRED']);
      expect(answer.body['error'].message).toMatch(/Iron-Cage-Proof/);
    }
    expect(await site.balance(project.id)).toEqual(before);
    expect((await session.call('POST', settlements(leaseId), report(session.id))).status).toBe(200);
  });

  it('every route of agents but the start is closed without a proof, whatever is added later', async () => {
    const routes = ROUTES.filter(
      ({ access }) => access.startsWith('agent:') && access !== 'agent:bootstrap',
    );
    expect(routes.length).toBeGreaterThanOrEqual(6);
    for (const { method, path: template } of routes) {
      const where = template.replace('{sessionId}', session.id).replace(/\{\w+\}/g, () => newId());
      const answer = await bare(method, where, method === 'GET' ? undefined : {});
      expect([template, ...outcome(answer)]).toEqual([template, 401, 'PROOF_REQUIRED']);
    }
    const metrics = await fetch(`${site.url}/metrics`).then((answer) => answer.text());
    expect(metrics).toMatch(/iron_cage_proofs_refused_total\{code="PROOF_REQUIRED"\} [1-9]/);
  });

  it('a thief who starts a session of his own acts for no other that lives', async () => {
    const leaseId = await borrow();
    const thief = await BoundSession.start(site.url, project.key);
    const { id } = session;
    const tries: [string, string, unknown][] = [
      ['POST', settlements(leaseId), report(id)],
      ['POST', '/v1/sdk/leases', wish(id)],
      ['POST', beat(id), {}],
      ['GET', `/v1/sdk/sessions/${id}/events`, undefined],
      ['DELETE', `/v1/sdk/sessions/${id}`, undefined],
    ];
    for (const [method, where, body] of tries) {
      // With a proof of his own session, and with one that he has made up for the other.
      expect(outcome(await thief.call(method, where, body))).toEqual([
        403,
        'PROOF_OF_OTHER_SESSION',
      ]);
      const made = await thief.call(method, where, body, { sessionId: id });
      expect(outcome(made)).toEqual([401, 'PROOF_INVALID']);
    }
    // His own session is named, the lease is another's.
    const mixed = await thief.call('POST', settlements(leaseId), report(thief.id));
    expect(outcome(mixed)).toEqual([403, 'FORBIDDEN']);
    expect((await session.call('POST', settlements(leaseId), report(id))).status).toBe(200);
  });

  it('nothing of a request may be other than what was signed', async () => {
    const leaseId = await borrow();
    const other = await BoundSession.start(site.url, project.key);
    const foreign = await site.project(BOUND);
    const foreigner = await BoundSession.start(site.url, foreign.key);
    const body = report(session.id);
    const where = settlements(leaseId);
    const lies: [string, Parameters<BoundSession['call']>[3]][] = [
      ['body', { body: Buffer.from(JSON.stringify({ ...body, final: false })) }],
      ['a space in the body', { body: Buffer.from(` ${JSON.stringify(body)}`) }],
      ['path', { path: settlements(newId()) }],
      ['query', { path: `${where}?a=1` }],
      ['method', { method: 'PUT' }],
      ['method in lower case', { method: 'post' }],
      ['another session of the key', { sessionId: other.id }],
      ['key of another session', { key: other.proofKey }],
      ['key of another organization', { key: foreigner.proofKey }],
      ['time under another MAC', { time: String(Date.now() - 1) + '0' }],
      ['bearer', { bearer: foreign.key }],
      ['a version of the key that there is not', { keyVersion: 2 }],
      ['a version far away', { keyVersion: 999_999_999 }],
    ];
    for (const [what, lie] of lies) {
      const { status, body: answer } = await session.call('POST', where, body, lie);
      expect([what, status, answer['error']?.code]).toEqual([
        what,
        ...(what.startsWith('time') ? [401, 'PROOF_EXPIRED'] : [401, 'PROOF_INVALID']),
      ]);
    }
    expect((await session.call('POST', where, body)).status).toBe(200);
  });

  it('takes no proof that was cut, repeated, decorated or written in another way', async () => {
    const where = beat(session.id);
    const body = Buffer.from('{}');
    const good = session.proof('POST', where, body);
    const last = good.at(-1) ?? '';
    const twin = last === 'A' ? 'B' : 'A';
    const forms = [
      '',
      ' ',
      good.slice(0, -1),
      good.slice(0, -10),
      `${good}=`,
      `${good}A`,
      `${good}, ${good}`,
      `${good}.`,
      good.slice(0, -1) + twin,
      good.replace(/^1\./, '2.'),
      good.replace(/^1\./, '01.'),
      good.replace(session.id, session.id.toUpperCase()),
      good.replace(/\.(\d{13})\./, '.0$1.'),
      good.replace(/\.(\d{13})\./, '.+$1.'),
      good.replaceAll('.', ':'),
      'x'.repeat(8_000),
    ];
    for (const proof of forms) {
      const answer = await rawCall(site.url, 'POST', where, { token: project.key, body, proof });
      expect([proof, ...outcome(answer)]).toEqual([proof, 401, 'PROOF_INVALID']);
    }
    const asText = { token: project.key, body, proof: good, type: 'text/plain' };
    expect(outcome(await rawCall(site.url, 'POST', where, asText))).toEqual([401, 'PROOF_INVALID']);
    const right = { token: project.key, body, proof: good };
    expect((await rawCall(site.url, 'POST', where, right)).status).toBe(200);
  });

  it('a proof is good for half a minute, and who holds the key is told the right time', async () => {
    const at = (ms: number) =>
      session.call('POST', beat(session.id), {}, { time: String(Date.now() + ms) });
    for (const near of [-15_000, 15_000]) expect((await at(near)).status).toBe(200);
    for (const far of [-31_000, 60_000, 9e13]) {
      const answer = await at(far);
      expect(outcome(answer)).toEqual([401, 'PROOF_EXPIRED']);
      expect(Math.abs(answer.body['error'].details.serverTime - Date.now())).toBeLessThan(25_000);
    }
    // Who does not hold the key learns nothing from it.
    const guess = { time: '1', key: Buffer.alloc(32) };
    expect(outcome(await session.call('POST', beat(session.id), {}, guess))).toEqual([
      401,
      'PROOF_INVALID',
    ]);
  });

  it('a proof that is sent is checked where none is required, too', async () => {
    const open = await site.project({ deposit: '1' });
    const agent = await BoundSession.start(site.url, open.key);
    expect((await agent.call('POST', beat(agent.id), {})).status).toBe(200);
    expect((await bare('POST', beat(agent.id), {}, open.key)).status).toBe(200);
    const wrong = await agent.call('POST', beat(agent.id), {}, { key: Buffer.alloc(32) });
    expect(outcome(wrong)).toEqual([401, 'PROOF_INVALID']);
  });

  it('the policy holds at once, for sessions that run already', async () => {
    const open = await site.project({ deposit: '1' });
    const agent = await BoundSession.start(site.url, open.key);
    expect((await bare('POST', beat(agent.id), {}, open.key)).status).toBe(200);
    await setBinding(open.id, 'required');
    await eventually(async () => {
      const answer = await bare('POST', beat(agent.id), {}, open.key);
      expect(outcome(answer)).toEqual([401, 'PROOF_REQUIRED']);
    });
    expect((await agent.call('POST', beat(agent.id), {})).status).toBe(200);
    await setBinding(open.id, 'off');
    await eventually(async () =>
      expect((await bare('POST', beat(agent.id), {}, open.key)).status).toBe(200),
    );
    expect(
      await site.as(site.token, 'PATCH', `/v1/projects/${open.id}`, {
        policy: { senderBinding: 'maybe' },
      }),
    ).toMatchObject({ status: 422 });
  });

  describe('what a crashed process left behind', () => {
    const silence = (id: string, seconds: number) =>
      query(
        site,
        `UPDATE sessions SET last_seen_at = now() - ${seconds} * interval '1 second' WHERE id = '${id}'`,
      );

    it('is told by another session of the key once the first is silent', async () => {
      const leaseId = await borrow();
      const heir = await BoundSession.start(site.url, project.key);
      const body = report(session.id, { usage: [usage({ output: 1_000 })] });
      await silence(session.id, 20);
      const early = await heir.call('POST', settlements(leaseId), body);
      expect(outcome(early)).toEqual([403, 'PROOF_OF_OTHER_SESSION']);
      const seconds = Number(early.headers['retry-after']);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(40);
      await silence(session.id, 61);
      expect(await heir.call('POST', settlements(leaseId), body)).toMatchObject({
        status: 200,
        body: { booked: '0.002000000' },
      });
    });

    it('or has ended; only reports, and by no session that has ended itself', async () => {
      const leaseId = await borrow();
      const heir = await BoundSession.start(site.url, project.key);
      const dead = await BoundSession.start(site.url, project.key);
      await dead.call('DELETE', `/v1/sdk/sessions/${dead.id}`);
      await session.call('DELETE', `/v1/sdk/sessions/${session.id}`);
      const where = settlements(leaseId);
      const refused = await dead.call('POST', where, report(session.id));
      expect(outcome(refused)).toEqual([403, 'PROOF_OF_OTHER_SESSION']);
      for (const [method, to, body] of [
        ['POST', '/v1/sdk/leases', wish(session.id)],
        ['POST', beat(session.id), {}],
      ] as const) {
        expect(outcome(await heir.call(method, to, body))).toEqual([403, 'PROOF_OF_OTHER_SESSION']);
      }
      expect((await heir.call('POST', where, report(session.id))).status).toBe(200);
    });

    it('but by no session of another key, which sees that there is none', async () => {
      const leaseId = await borrow();
      await session.call('DELETE', `/v1/sdk/sessions/${session.id}`);
      const { secret } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
        name: 'second',
        environment: 'dev',
      });
      const stranger = await BoundSession.start(site.url, secret);
      const answers = [report(session.id), report(newId())].map((body) =>
        stranger.call('POST', settlements(leaseId), body),
      );
      for (const answer of await Promise.all(answers)) {
        expect(outcome(answer)).toEqual([404, 'NOT_FOUND']);
      }
    });

    it('of a revoked key is reported by its own session, and by nobody without a proof', async () => {
      const made = await site.must('POST', `/v1/projects/${project.id}/keys`, {
        name: 'short',
        environment: 'dev',
      });
      const agent = await BoundSession.start(site.url, made.secret);
      const leaseId = await borrow(agent);
      await site.must('DELETE', `/v1/keys/${made.key.id}`);
      const body = report(agent.id);
      await eventually(async () => {
        const stolen = await bare('POST', settlements(leaseId), body, made.secret);
        expect(outcome(stolen)).toEqual([401, 'PROOF_REQUIRED']);
      });
      expect((await agent.call('POST', settlements(leaseId), body)).status).toBe(200);
    });
  });

  it('shows which sessions prove themselves', async () => {
    const open = await site.project({ deposit: '1' });
    const agent = await BoundSession.start(site.url, open.key);
    const plain = await site.session(open.key);
    const bound = async () =>
      Object.fromEntries(
        (await site.must('GET', `/v1/sessions?projectId=${open.id}`))['items'].map((row: Json) => [
          row['id'],
          row['bound'],
        ]),
      );
    expect(await bound()).toEqual({ [agent.id]: false, [plain]: false });
    await agent.call('GET', `/v1/sdk/sessions/${agent.id}/events`);
    await bare('POST', beat(plain), {}, open.key);
    await eventually(async () =>
      expect(await bound()).toEqual({ [agent.id]: true, [plain]: false }),
    );
    const beating = await BoundSession.start(site.url, open.key);
    await beating.call('POST', beat(beating.id), {});
    expect((await bound())[beating.id]).toBe(true);
  });

  it('every replica checks with what it knows; two rotations end what was before', async () => {
    const kek = (await readFile(path.join(site.server.dataDir, 'kek'), 'utf8')).trim();
    const two = await startServer({ databaseUrl: site.server.databaseUrl, kek });
    try {
      const there = (agent: BoundSession) => agent.call('POST', beat(agent.id), {}, {}, two.url);
      expect((await there(session)).status).toBe(200);
      await site.must('POST', '/v1/keys/pepper/rotation', {});
      const second = await BoundSession.start(site.url, project.key);
      expect(second.keyVersion).toBe(session.keyVersion + 1);
      for (const agent of [second, session]) expect((await there(agent)).status).toBe(200);
      await site.must('POST', '/v1/keys/pepper/rotation', {});
      const third = await BoundSession.start(site.url, project.key);
      expect((await there(third)).status).toBe(200);
      expect((await there(second)).status).toBe(200);
      expect(outcome(await there(session))).toEqual([401, 'PROOF_INVALID']);
      const here = await session.call('POST', beat(session.id), {});
      expect(outcome(here)).toEqual([401, 'PROOF_INVALID']);
    } finally {
      await two.stop();
    }
  });

  it('is checked while the vault is sealed: leases and reports go on', async () => {
    const leaseId = await borrow();
    await site.must('POST', '/v1/vault/seal', { reason: 'drill' });
    try {
      await eventually(async () => {
        const start = await bare('POST', '/v1/sdk/sessions', {
          protocol: 1,
          publicKey: Buffer.alloc(32, 9).toString('base64url'),
          nonce: Buffer.alloc(16, 7).toString('base64url'),
          agent: { sdk: 'test/1', runtime: 'node', host: 'h', pid: 1 },
        });
        expect(outcome(start)).toEqual([503, 'VAULT_SEALED']);
      });
      const answer = await session.call('POST', settlements(leaseId), report(session.id));
      expect(answer.status).toBe(200);
    } finally {
      await site.must('POST', '/v1/vault/unseal', {});
    }
  });
});
