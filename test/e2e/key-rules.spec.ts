import { createHash } from 'node:crypto';
import { newId } from '../../src/kernel/ids.js';
import { call, Installation, type Json, sessionRequest, usage } from '../harness/installation.js';
import { eventually, query, signInAs } from '../harness/people.js';

describe('what a key may do', () => {
  let site: Installation;
  let projectId: string;
  beforeAll(async () => {
    site = await Installation.start({ trustedProxies: ['127.0.0.1'] });
    projectId = (await site.project({ name: 'Search', deposit: '5' })).id;
    // Keys come from many addresses here; whether that is odd is another test's matter.
    const path = `/v1/projects/${projectId}/anomaly-policy`;
    await site.must('PUT', path, { ...(await site.must('GET', path)), addresses: 'off' });
  });
  afterAll(() => site.stop());

  const create = async (body: object = {}, project = projectId) => {
    const wish = { name: 'ci', environment: 'live', ...body };
    const { key, secret } = await site.must('POST', `/v1/projects/${project}/keys`, wish);
    return { id: key.id as string, view: key as Json, secret: secret as string };
  };
  const agent = (token: string, method: string, path: string, body?: unknown, from = '192.0.2.1') =>
    call(site.url, method, path, {
      token,
      ...(body !== undefined && { body }),
      headers: { 'x-forwarded-for': from },
    });
  const start = (token: string, from?: string) =>
    agent(token, 'POST', '/v1/sdk/sessions', sessionRequest(), from);
  const lease = (token: string, sessionId: string, purpose?: object, minimum = '0') =>
    agent(token, 'POST', '/v1/sdk/leases', {
      leaseId: newId(),
      sessionId,
      wanted: '0.1',
      minimum,
      ...(purpose && { purpose }),
    });
  const outcome = ({ status, body }: { status: number; body: Json }) => [
    status,
    body['error']?.code,
  ];
  const seen = async (id: string): Promise<Json> => {
    const { items } = await site.must('GET', '/v1/keys?limit=200');
    return items.find((key: Json) => key['id'] === id);
  };

  describe('scopes', () => {
    it('are all unless given, and close every other route', async () => {
      expect((await create()).view['scopes']).toEqual(['bootstrap', 'lease', 'report', 'listen']);
      const { secret } = await create({ scopes: ['bootstrap'] });
      const started = await start(secret);
      expect(started.status).toBe(201);
      const { sessionId } = started.body;
      expect(outcome(await lease(secret, sessionId))).toEqual([403, 'FORBIDDEN']);
      const events = await agent(secret, 'GET', `/v1/sdk/sessions/${sessionId}/events`);
      expect(outcome(events)).toEqual([403, 'FORBIDDEN']);
      expect(events.body['error'].message).toContain('"listen"');
      const beat = await agent(secret, 'POST', `/v1/sdk/sessions/${sessionId}/heartbeat`, {});
      expect(beat.status).toBe(200);
      const report = { sessionId, seq: 1, usage: [], final: true };
      const settled = await site.as(
        secret,
        'POST',
        `/v1/sdk/leases/${newId()}/settlements`,
        report,
      );
      expect(outcome(settled)).toEqual([403, 'FORBIDDEN']);
    });

    it('without lease borrow nothing through a report either', async () => {
      const { id, secret } = await create();
      const { sessionId } = (await start(secret)).body;
      const { leaseId } = (await lease(secret, sessionId)).body;
      await site.must('PATCH', `/v1/keys/${id}`, { scopes: ['bootstrap', 'report'] });
      const next = { leaseId: newId(), wanted: '0.1', minimum: '0' };
      const report = { sessionId, seq: 1, usage: [usage({ output: 1_000 })], final: true, next };
      const path = `/v1/sdk/leases/${leaseId}/settlements`;
      expect(await agent(secret, 'POST', path, report)).toMatchObject({
        status: 200,
        body: { booked: '0.002000000', next: { granted: false, error: { code: 'FORBIDDEN' } } },
      });
      const nothing = await site.as(site.token, 'POST', `/v1/projects/${projectId}/keys`, {
        name: 'x',
        environment: 'dev',
        scopes: [],
      });
      expect(outcome(nothing)).toEqual([422, 'VALIDATION_FAILED']);
    });
  });

  describe('addresses', () => {
    it('outside its list are refused with the address, inside it is let in', async () => {
      const allowedAddresses = ['203.0.113.0/24', '2001:db8::/32'];
      const { secret } = await create({ allowedAddresses });
      for (const from of ['203.0.113.9', '2001:db8::7', '::ffff:203.0.113.9']) {
        expect((await start(secret, from)).status).toBe(201);
      }
      for (const from of ['203.0.114.9', '2001:db9::7', 'unknown', '']) {
        const refused = await start(secret, from);
        expect(outcome(refused)).toEqual([403, 'KEY_ADDRESS_REFUSED']);
        if (from === '203.0.114.9') expect(refused.body['error'].message).toContain(from);
      }
    });

    it('cannot be claimed by whoever comes through the proxy: the right-most stranger counts', async () => {
      const { secret } = await create({ allowedAddresses: ['203.0.113.0/24'] });
      for (const chain of [
        '203.0.113.9, 198.51.100.1',
        '203.0.113.9,198.51.100.1,127.0.0.1',
        '127.0.0.1, 198.51.100.1',
      ]) {
        expect(outcome(await start(secret, chain))).toEqual([403, 'KEY_ADDRESS_REFUSED']);
      }
      expect((await start(secret, '198.51.100.1, 203.0.113.9')).status).toBe(201);
    });

    it('cannot be claimed at all where no proxy is trusted', async () => {
      const direct = await Installation.start();
      try {
        const project = await direct.project();
        const { secret } = await direct.must('POST', `/v1/projects/${project.id}/keys`, {
          name: 'office',
          environment: 'dev',
          allowedAddresses: ['203.0.113.0/24'],
        });
        for (const header of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip']) {
          const value = header === 'forwarded' ? 'for=203.0.113.9' : '203.0.113.9';
          const answer = await call(direct.url, 'POST', '/v1/sdk/sessions', {
            token: secret,
            body: sessionRequest(),
            headers: { [header]: value },
          });
          expect(outcome(answer)).toEqual([403, 'KEY_ADDRESS_REFUSED']);
        }
      } finally {
        await direct.stop();
      }
    });

    it('that are no addresses are refused with a hint', async () => {
      for (const entry of ['office', '10.0.0.0/40', '10.0.0.0/8 ', '*']) {
        const answer = await site.as(site.token, 'POST', `/v1/projects/${projectId}/keys`, {
          name: 'x',
          environment: 'dev',
          allowedAddresses: [entry],
        });
        expect(outcome(answer)).toEqual([422, 'VALIDATION_FAILED']);
        expect(answer.body['error'].message).toContain('203.0.113.0/24');
      }
    });

    it('that it was used from are listed, the newest first', async () => {
      const { id, secret } = await create();
      await start(secret, '192.0.2.11');
      await start(secret, '192.0.2.12');
      await eventually(async () => {
        const { recentAddresses } = await seen(id);
        expect(recentAddresses.map(({ address }: Json) => address).sort()).toEqual([
          '192.0.2.11',
          '192.0.2.12',
        ]);
      });
      for (let i = 0; i < 15; i++) await start(secret, `192.0.2.${100 + i}`);
      await eventually(async () => expect((await seen(id))['recentAddresses']).toHaveLength(10));
    });
  });

  describe('models', () => {
    it('that it is not for get no lease, and those it is for do', async () => {
      const { secret } = await create({ models: ['gpt-5*', 'claude-*-haiku'] });
      const { body } = await start(secret);
      const { sessionId } = body;
      const ask = async (...models: string[]) =>
        outcome(await lease(secret, sessionId, { models }));
      expect(await ask('GPT-5-mini')).toEqual([201, undefined]);
      expect(await ask('claude-4-haiku', 'gpt-5')).toEqual([201, undefined]);
      expect(await ask('gpt-4o')).toEqual([403, 'MODEL_NOT_ALLOWED']);
      expect(await ask('gpt-5', 'claude-4-opus')).toEqual([403, 'MODEL_NOT_ALLOWED']);
      expect(outcome(await lease(secret, sessionId))).toEqual([201, undefined]);
    });
  });

  describe('models that a report names although the key is not for them', () => {
    const settle = (token: string, sessionId: string, leaseId: string, model: string) =>
      agent(token, 'POST', `/v1/sdk/leases/${leaseId}/settlements`, {
        sessionId,
        seq: 1,
        usage: [usage({ output: 1_000 }, { model })],
        final: true,
        next: { leaseId: newId(), wanted: '0.1', minimum: '0' },
      });
    const begin = async (secret: string) => {
      const { sessionId } = (await start(secret)).body;
      return { sessionId, leaseId: (await lease(secret, sessionId)).body['leaseId'] as string };
    };

    it('are booked, told of, and end the borrowing of that session, not of the others', async () => {
      const { id, secret } = await create({ name: 'mini only', models: ['gpt-5-mini*'] });
      const good = await begin(secret);
      expect((await settle(secret, good.sessionId, good.leaseId, 'GPT-5-mini')).body).toMatchObject(
        { booked: '0.002000000', next: { granted: true } },
      );
      const bad = await begin(secret);
      const answer = await settle(secret, bad.sessionId, bad.leaseId, 'gpt-5');
      expect(answer).toMatchObject({
        status: 200,
        body: {
          booked: '0.010000000',
          next: { granted: false, error: { code: 'MODEL_NOT_ALLOWED' } },
        },
      });
      expect(outcome(await lease(secret, bad.sessionId))).toEqual([403, 'MODEL_NOT_ALLOWED']);
      expect(outcome(await lease(secret, bad.sessionId, { models: ['gpt-5-mini'] }))).toEqual([
        403,
        'MODEL_NOT_ALLOWED',
      ]);
      expect((await lease(secret, good.sessionId)).status).toBe(201);
      const { items } = await site.must('GET', '/v1/alerts?kind=key.models');
      const told = items.filter((one: Json) => one['details'].keyId === id);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({
        projectId,
        summary: expect.stringContaining('"mini only" was used for gpt-5,'),
        details: { sessionId: bad.sessionId, models: ['gpt-5'] },
      });
    });

    it('count from the change of the key on, also for agents that run', async () => {
      const { id, secret } = await create();
      const { sessionId, leaseId } = await begin(secret);
      await site.must('PATCH', `/v1/keys/${id}`, { models: ['claude-*'] });
      expect((await settle(secret, sessionId, leaseId, 'gpt-5-mini')).body).toMatchObject({
        booked: '0.002000000',
        next: { granted: false, error: { code: 'MODEL_NOT_ALLOWED' } },
      });
    });

    it('are only told of where a project observes', async () => {
      const { id } = await site.project({ deposit: '1', policy: { mode: 'observe' } });
      const { secret } = await create({ models: ['claude-*'] }, id);
      const { sessionId, leaseId } = await begin(secret);
      expect((await settle(secret, sessionId, leaseId, 'gpt-5-mini')).body).toMatchObject({
        next: { granted: true },
      });
    });
  });

  describe('its spend cap', () => {
    it('is a budget of the key, made with it, and holds', async () => {
      const { id, secret } = await create({ spendCap: '0.15' });
      const { items } = await site.must('GET', '/v1/budgets?scope=key');
      expect(items.filter(({ scopeId }: Json) => scopeId === id)).toMatchObject([
        { window: 'total', limit: '0.150000000' },
      ]);
      const { body } = await start(secret);
      const whole = () => lease(secret, body['sessionId'], undefined, '0.1');
      expect((await whole()).body).toMatchObject({ amount: '0.100000000' });
      const second = await whole();
      expect(outcome(second)).toEqual([402, 'BUDGET_EXCEEDED']);
      expect(second.body['error'].details).toMatchObject({ scope: 'key', scopeId: id });
    });

    it('is not there without the key, nor the key without it', async () => {
      const before = (await site.must('GET', '/v1/budgets?scope=key')).items.length;
      const wish = { name: 'x', environment: 'live', spendCap: '1' };
      const gone = await site.as(site.token, 'POST', `/v1/projects/${newId()}/keys`, wish);
      expect(gone.status).toBe(404);
      expect((await site.must('GET', '/v1/budgets?scope=key')).items).toHaveLength(before);
    });
  });

  describe('its environment', () => {
    it('dev opens neither secrets nor money of a live project, even if the project became live later', async () => {
      const { id } = await site.project({ name: 'Shop', deposit: '1' });
      const dev = await create({ environment: 'dev' }, id);
      const live = await create({ environment: 'live' }, id);
      const session = (await start(dev.secret)).body['sessionId'];
      const held = await lease(dev.secret, session);
      await site.must('PATCH', `/v1/projects/${id}`, { policy: { environment: 'live' } });
      expect(outcome(await start(dev.secret))).toEqual([403, 'KEY_ENVIRONMENT']);
      expect(outcome(await lease(dev.secret, session))).toEqual([403, 'KEY_ENVIRONMENT']);
      expect((await start(live.secret)).status).toBe(201);
      const wish = { name: 'x', environment: 'dev' };
      const refused = await site.as(site.token, 'POST', `/v1/projects/${id}/keys`, wish);
      expect(outcome(refused)).toEqual([409, 'CONFLICT']);
      // What was spent before is booked.
      const path = `/v1/sdk/leases/${held.body['leaseId']}/settlements`;
      const report = { sessionId: session, seq: 1, usage: [usage({ output: 1_000 })], final: true };
      expect((await agent(dev.secret, 'POST', path, report)).status).toBe(200);
      expect((await site.must('GET', `/v1/projects/${id}`))['policy'].environment).toBe('live');
    });
  });

  describe('changes', () => {
    it('count at once', async () => {
      const { id, secret } = await create();
      expect((await start(secret, '192.0.2.1')).status).toBe(201);
      const changed = await site.must('PATCH', `/v1/keys/${id}`, {
        name: 'office only',
        allowedAddresses: ['203.0.113.0/24'],
      });
      expect(changed).toMatchObject({ name: 'office only', allowedAddresses: ['203.0.113.0/24'] });
      expect(outcome(await start(secret, '192.0.2.1'))).toEqual([403, 'KEY_ADDRESS_REFUSED']);
      await site.must('PATCH', `/v1/keys/${id}`, { allowedAddresses: [], scopes: ['report'] });
      expect(outcome(await start(secret, '192.0.2.1'))).toEqual([403, 'FORBIDDEN']);
      expect(await seen(id)).toMatchObject({ name: 'office only', scopes: ['report'] });
    });
  });

  describe('rotation', () => {
    it('gives a new secret of the same id; the old one works for the overlap and no longer', async () => {
      const { id, secret: old } = await create({ spendCap: '3' });
      const sessionId = (await start(old)).body['sessionId'];
      const { key, secret } = await site.must('POST', `/v1/keys/${id}/rotation`, {
        overlapMinutes: 5,
      });
      expect(key).toMatchObject({ id, state: 'active', rotatedAt: expect.any(String) });
      expect(secret).toMatch(new RegExp(`^ic_live_${id}_`));
      expect(secret).not.toBe(old);
      for (const each of [old, secret]) expect((await start(each)).status).toBe(201);
      expect((await lease(secret, sessionId)).status).toBe(201);
      const minutes = (Date.parse(key.oldSecretUntil) - Date.now()) / 60_000;
      expect(minutes).toBeGreaterThan(4.5);
      expect(minutes).toBeLessThanOrEqual(5.01);
      await query(site, `UPDATE iron_cage_keys SET previous_until = now() WHERE id = $1`, [id]);
      await site.must('PATCH', `/v1/keys/${id}`, { name: 'so that replicas look again' });
      expect(outcome(await start(old))).toEqual([401, 'KEY_REVOKED']);
      expect((await start(secret)).status).toBe(201);
      const { items } = await site.must('GET', '/v1/budgets?scope=key');
      expect(items.filter(({ scopeId }: Json) => scopeId === id)).toHaveLength(1);
    });

    it('without an overlap stops the old secret at once, and for a revoked key is refused', async () => {
      const { id, secret: old } = await create();
      expect((await start(old)).status).toBe(201);
      const { secret } = await site.must('POST', `/v1/keys/${id}/rotation`, { overlapMinutes: 0 });
      expect(outcome(await start(old))).toEqual([401, 'KEY_REVOKED']);
      expect((await start(secret)).status).toBe(201);
      await site.must('DELETE', `/v1/keys/${id}`);
      for (const each of [old, secret])
        expect(outcome(await start(each))).toEqual([401, 'KEY_REVOKED']);
      const late = await site.as(site.token, 'POST', `/v1/keys/${id}/rotation`, {});
      expect(outcome(late)).toEqual([409, 'CONFLICT']);
    });
  });

  describe('leak reports', () => {
    const report = (sha256: string, from = '198.51.100.7') =>
      call(site.url, 'POST', '/v1/keys/revoke-by-hash', {
        body: { sha256 },
        headers: { 'x-forwarded-for': from },
      });
    const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

    it('revoke the key of the hash at once, and answer the same when there is none', async () => {
      const { id, secret } = await create();
      expect((await start(secret)).status).toBe(201);
      const unknown = await report(hashOf('something else'));
      const known = await report(hashOf(secret).toUpperCase());
      expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
      expect([known.status, known.body]).toEqual([202, { status: 'received' }]);
      expect(outcome(await start(secret))).toEqual([401, 'KEY_REVOKED']);
      expect(await seen(id)).toMatchObject({ state: 'revoked' });
      expect((await report(hashOf(secret))).status).toBe(202);
      const { items } = await site.must('GET', '/v1/audit');
      expect(
        items.filter(
          ({ action, target }: Json) => action === 'key.leaked' && target === `key:${id}`,
        ),
      ).toHaveLength(1);
      const events = await query<{ kind: string }>(
        site,
        `SELECT kind FROM outbox_events WHERE payload ->> 'keyId' = $1`,
        [id],
      );
      expect(events).toEqual([{ kind: 'key.leaked' }]);
    });

    it('of the old secret of a rotated key stop that one only', async () => {
      const { id, secret: old } = await create();
      const { secret } = await site.must('POST', `/v1/keys/${id}/rotation`, {});
      await report(hashOf(old));
      expect(outcome(await start(old))).toEqual([401, 'KEY_REVOKED']);
      expect((await start(secret)).status).toBe(201);
    });

    it('tell a thief of the database nothing: neither the key nor its SHA-256 is stored', async () => {
      const { secret } = await create();
      const rows = await query<object>(site, 'SELECT * FROM iron_cage_keys');
      const hexes = JSON.stringify(rows, (_key, value: unknown) =>
        (value as { type?: string } | null)?.type === 'Buffer'
          ? Buffer.from((value as { data: number[] }).data).toString('hex')
          : value,
      );
      expect(hexes).not.toContain(secret.slice(-38));
      expect(hexes).not.toContain(hashOf(secret));
    });

    it('are limited', async () => {
      const statuses = new Set<number>();
      for (let i = 0; i < 65; i++) {
        statuses.add((await report(hashOf(String(i)), '198.51.100.99')).status);
      }
      expect([...statuses].sort()).toEqual([202, 429]);
      expect((await report('abc')).status).toBe(422);
    });
  });

  describe('the pepper', () => {
    it('can be rotated while keys are used: none stops, and each moves when it is next used', async () => {
      const [used, unused] = [await create(), await create()];
      expect((await start(used.secret)).status).toBe(201);
      const { version, waitingKeys } = await site.must<Record<string, number>>(
        'POST',
        '/v1/keys/pepper/rotation',
      );
      expect(version).toBeGreaterThan(1);
      expect(waitingKeys).toBeGreaterThan(1);
      const versionOf = async (id: string) => {
        const [row] = await query<{ pepper_version: number }>(
          site,
          'SELECT pepper_version FROM iron_cage_keys WHERE id = $1',
          [id],
        );
        return row?.pepper_version;
      };
      await site.must('PATCH', `/v1/keys/${used.id}`, { name: 'so that it is looked up again' });
      expect((await start(used.secret)).status).toBe(201);
      await eventually(async () => expect(await versionOf(used.id)).toBe(version));
      expect(await versionOf(unused.id)).toBe(Number(version) - 1);
      const again = await site.must('POST', '/v1/keys/pepper/rotation');
      expect(again['version']).toBe(Number(version) + 1);
      for (const { secret } of [used, unused]) expect((await start(secret)).status).toBe(201);
      const fresh = await create();
      expect(await versionOf(fresh.id)).toBe(Number(version) + 1);
    });

    it('is a matter of operators', async () => {
      const admin = await signInAs(site, 'admin', 'no-operator@acme.test');
      expect(outcome(await site.as(admin, 'POST', '/v1/keys/pepper/rotation'))).toEqual([
        403,
        'FORBIDDEN',
      ]);
    });
  });
});
