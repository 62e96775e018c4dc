import { Installation, type Json, sessionRequest } from '../harness/installation.js';
import { query, signInAs } from '../harness/people.js';
import { delivered, sealedSession } from '../harness/vault.js';

const FIELD = 'OPENAI_API_KEY';
const key = (name: string) => `sk-${name}-0123456789abcdef`;

describe('versions of a secret', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  async function projectWithSecret(body: object = {}) {
    const project = await site.project({ secret: false });
    const secret = await site.must('POST', '/v1/secrets', {
      name: 'main',
      provider: 'openai',
      projectId: project.id,
      fields: { [FIELD]: key('one') },
      ...body,
    });
    const path = `/v1/secrets/${secret['id']}`;
    return { project, path, id: secret['id'] as string };
  }
  const rotate = (path: string, name: string) =>
    site.must('POST', `${path}/versions`, { fields: { [FIELD]: key(name) } });
  const versions = async (path: string): Promise<Json[]> =>
    (await site.must('GET', `${path}/versions`)).items;
  const refusal = async (method: string, path: string, body?: object) => {
    const answer = await site.as(site.token, method, path, body);
    return [answer.status, answer.body['error']?.code];
  };

  it('are handed out at once, and the one before is safe to delete when no session holds it any more', async () => {
    const { project, path } = await projectWithSecret();
    const first = await site.session(project.key);
    const second = await site.session(project.key);
    expect(await rotate(path, 'two')).toMatchObject({ version: 2 });
    expect(await delivered(site.url, project.key, FIELD)).toEqual([key('two')]);
    expect(await versions(path)).toMatchObject([
      { version: 2, state: 'current', liveSessions: 1, safeToDelete: false },
      { version: 1, state: 'earlier', liveSessions: 2, safeToDelete: false },
    ]);
    expect(await refusal('DELETE', `${path}/versions/1`)).toEqual([409, 'SECRET_IN_USE']);

    await site.as(project.key, 'DELETE', `/v1/sdk/sessions/${first}`);
    expect((await versions(path))[1]).toMatchObject({ liveSessions: 1, safeToDelete: false });
    // An agent that vanished holds its secrets until they expire, and no longer.
    await query(site, 'UPDATE secret_grants SET expires_at = now() WHERE session_id = $1', [
      second,
    ]);
    expect((await versions(path))[1]).toMatchObject({ liveSessions: 0, safeToDelete: true });
    await site.must('DELETE', `${path}/versions/1`);
    await site.must('DELETE', `${path}/versions/1`);
    expect((await versions(path))[1]).toMatchObject({
      state: 'destroyed',
      safeToDelete: false,
      createdByName: 'Rosa Owner',
      destroyedAt: expect.any(String),
      fields: [{ name: FIELD, last4: 'cdef', reference: null }],
    });
    const [row] = await query<Json>(
      site,
      'SELECT count(*)::int AS left FROM provider_secret_versions WHERE version = 1 AND destroyed_at IS NOT NULL AND (sealed IS NOT NULL OR data_key_id IS NOT NULL)',
    );
    expect(row).toEqual({ left: 0 });
    expect(await delivered(site.url, project.key, FIELD)).toEqual([key('two')]);
  });

  it('are held by an agent that was stopped, until its grant is over: it may not have heard of it', async () => {
    const { project, path } = await projectWithSecret();
    const sessionId = await site.session(project.key);
    await rotate(path, 'two');
    await query(
      site,
      `UPDATE sessions SET ended_at = now(), killed_by = 'user:someone' WHERE id = $1`,
      [sessionId],
    );
    expect((await versions(path))[1]).toMatchObject({ liveSessions: 1, safeToDelete: false });
    expect(await refusal('DELETE', `${path}/versions/1`)).toEqual([409, 'SECRET_IN_USE']);
    await query(site, 'UPDATE secret_grants SET expires_at = now() WHERE session_id = $1', [
      sessionId,
    ]);
    expect((await versions(path))[1]).toMatchObject({ liveSessions: 0, safeToDelete: true });
  });

  it('can be destroyed by force while a session holds them, but never the current one', async () => {
    const { project, path } = await projectWithSecret();
    await site.session(project.key);
    expect(await refusal('DELETE', `${path}/versions/1?force=true`)).toEqual([409, 'CONFLICT']);
    await rotate(path, 'two');
    await site.must('DELETE', `${path}/versions/1?force=true`);
    expect(await refusal('POST', `${path}/rollback`, { version: 1 })).toEqual([409, 'CONFLICT']);
    expect(await refusal('DELETE', `${path}/versions/7`)).toEqual([404, 'NOT_FOUND']);
    expect(await refusal('DELETE', `${path}/versions/0`)).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('can be handed out again, and numbers are never used twice', async () => {
    const { project, path } = await projectWithSecret();
    await rotate(path, 'two');
    expect(await site.must('POST', `${path}/rollback`, { version: 1 })).toMatchObject({
      version: 1,
    });
    await site.must('POST', `${path}/rollback`, { version: 1 });
    expect(await delivered(site.url, project.key, FIELD)).toEqual([key('one')]);
    expect((await versions(path)).map(({ state }) => state)).toEqual(['earlier', 'current']);
    expect(await rotate(path, 'three')).toMatchObject({ version: 3 });
    expect(await delivered(site.url, project.key, FIELD)).toEqual([key('three')]);
    const { items } = await site.must('GET', '/v1/audit');
    expect(
      items.find(({ action }: Json) => action === 'secret.rollback' || action === 'secret.rotate'),
    ).toMatchObject({ target: expect.stringMatching(/^secret:/), actorName: 'Rosa Owner' });
    expect(await refusal('POST', `${path}/rollback`, { version: 9 })).toEqual([404, 'NOT_FOUND']);
  });

  it('rotated by many at once get one number each', async () => {
    const { path } = await projectWithSecret();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const done = await Promise.all(names.map((name) => rotate(path, name)));
    expect(done.map((secret) => secret['version'] as number).sort()).toEqual([2, 3, 4, 5, 6, 7]);
    expect((await versions(path)).filter(({ state }) => state === 'current')).toHaveLength(1);
  });

  it('tell running sessions that there is something to fetch, and others nothing', async () => {
    const { project, path } = await projectWithSecret();
    const other = await projectWithSecret();
    const state = async (from: typeof project, sessionId: string): Promise<string> =>
      (await site.as(from.key, 'POST', `/v1/sdk/sessions/${sessionId}/heartbeat`, {})).body[
        'secretsVersion'
      ];
    const session = await sealedSession(site.url, project.key);
    const seen = [session.answer.body['secretsVersion'] as string];
    const elsewhere = await sealedSession(site.url, other.project.key);
    const look = async () => seen.push(await state(project, session.sessionId));
    await look();
    expect(seen[1]).toBe(seen[0]);
    await rotate(path, 'two');
    await look();
    await site.must('POST', `${path}/rollback`, { version: 1 });
    await look();
    await site.must('PATCH', path, { hosts: ['llm.example.com'] });
    await look();
    await site.must('DELETE', path);
    await look();
    expect(new Set(seen.slice(1)).size).toBe(5);
    expect(await state(other.project, elsewhere.sessionId)).toBe(
      elsewhere.answer.body['secretsVersion'],
    );
  });

  it('wake a running agent through its stream when they are rotated', async () => {
    const { project, path } = await projectWithSecret();
    const session = await sealedSession(site.url, project.key);
    const stream = await fetch(`${site.url}/v1/sdk/sessions/${session.sessionId}/events`, {
      headers: { authorization: `Bearer ${project.key}` },
    });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<Json> => {
      for (;;) {
        const { value = '' } = (await reader?.read()) ?? {};
        const data = /data: (.*)/.exec(value)?.[1];
        if (data !== undefined) return JSON.parse(data) as Json;
      }
    };
    expect((await next())['secretsVersion']).toBe(session.answer.body['secretsVersion']);
    const sentAtMs = performance.now();
    await rotate(path, 'two');
    expect((await next())['secretsVersion']).not.toBe(session.answer.body['secretsVersion']);
    expect(performance.now() - sentAtMs).toBeLessThan(2_000);
    await reader?.cancel();
  });
});

describe('what a secret is for', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  const add = (body: object) =>
    site.must('POST', '/v1/secrets', {
      name: `s ${performance.now()}`,
      provider: 'openai',
      ...body,
    });

  it('a dev key never gets a live secret, nor a live key one for development', async () => {
    const project = await site.project({ secret: false });
    const { secret: live } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'live',
      environment: 'live',
    });
    const projectId = project.id;
    await add({ projectId, environment: 'live', fields: { [FIELD]: key('live') } });
    const refused = await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(refused).toMatchObject({
      status: 409,
      body: { error: { code: 'PROJECT_HAS_NO_SECRET' } },
    });
    expect(refused.body['error'].message).toContain('for dev keys');
    expect(await delivered(site.url, live, FIELD)).toEqual([key('live')]);
    await add({ projectId, environment: 'dev', fields: { [FIELD]: key('dev') } });
    await add({ projectId, environment: 'any', fields: { [FIELD]: key('any') } });
    // The last one fills the field: the one for just this environment before the one for any.
    expect(await delivered(site.url, project.key, FIELD)).toEqual([key('any'), key('dev')]);
    expect(await delivered(site.url, live, FIELD)).toEqual([key('any'), key('live')]);
  });

  it('is bound to what was sealed: a row that was given another environment does not open', async () => {
    const project = await site.project({ secret: false });
    await add({
      projectId: project.id,
      environment: 'live',
      fields: { [FIELD]: key('live') },
    });
    await query(site, `UPDATE provider_secrets SET environment = 'any' WHERE project_id = $1`, [
      project.id,
    ]);
    expect(await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 500,
      body: { error: { code: 'SECRET_UNREADABLE' } },
    });
    const { items } = await site.must('GET', '/v1/audit');
    expect(items[0]).toMatchObject({ action: 'secret.unreadable', actor: `key:${project.keyId}` });
  });

  it('opens no version in the place of another one, and leaves nothing behind', async () => {
    const project = await site.project();
    const [secret] = (await site.must('GET', `/v1/secrets?projectId=${project.id}`)).items;
    await site.must('POST', `/v1/secrets/${secret.id}/versions`, { fields: { [FIELD]: key('2') } });
    await query(
      site,
      `UPDATE provider_secret_versions new SET sealed = old.sealed FROM provider_secret_versions old
        WHERE new.secret_id = $1 AND old.secret_id = $1 AND new.version = 2 AND old.version = 1`,
      [secret.id],
    );
    const { status } = await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(status).toBe(500);
    const rows = await query(
      site,
      `SELECT 1 FROM sessions WHERE project_id = $1 UNION ALL SELECT 1 FROM secret_grants WHERE secret_id = $2`,
      [project.id, secret.id],
    );
    expect(rows).toEqual([]);
    await site.must('POST', `/v1/secrets/${secret.id}/rollback`, { version: 1 });
    expect((await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).status).toBe(
      201,
    );
  });

  it('hands out nothing that the audit trail cannot note', async () => {
    const project = await site.project();
    await query(
      site,
      `ALTER TABLE audit_events ADD CONSTRAINT full_disk CHECK (action <> 'secret.deliver') NOT VALID`,
    );
    const { status, body } = await site.as(
      project.key,
      'POST',
      '/v1/sdk/sessions',
      sessionRequest(),
    );
    expect(status).toBeGreaterThanOrEqual(500);
    expect(body).not.toHaveProperty('secrets');
    const rows = await query(
      site,
      'SELECT 1 FROM sessions WHERE project_id = $1 UNION ALL SELECT 1 FROM secret_grants g JOIN provider_secrets s ON s.id = g.secret_id WHERE s.project_id = $1',
      [project.id],
    );
    expect(rows).toEqual([]);
    await query(site, 'ALTER TABLE audit_events DROP CONSTRAINT full_disk');
    expect((await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).status).toBe(
      201,
    );
  });

  it('says where else it may be sent, and in which header', async () => {
    const project = await site.project({ secret: false });
    const secret = await add({
      projectId: project.id,
      provider: 'weather',
      hosts: ['api.weather.example'],
      paths: ['/v2/', '/status'],
      header: { name: 'x-api-key', value: '{secret}' },
      metered: false,
      fields: { WEATHER_KEY: key('w') },
    });
    const { secrets } = await (await sealedSession(site.url, project.key)).open();
    expect(secrets).toMatchObject([
      {
        hosts: ['api.weather.example'],
        paths: ['/v2/', '/status'],
        header: { name: 'x-api-key', value: '{secret}' },
        metered: false,
        fields: { WEATHER_KEY: key('w') },
      },
    ]);
    const changed = await site.must('PATCH', `/v1/secrets/${secret['id']}`, {
      paths: [],
      header: { name: 'authorization', value: 'Bearer {WEATHER_KEY}' },
    });
    expect(changed).toMatchObject({
      paths: [],
      hosts: ['api.weather.example'],
      header: { name: 'authorization', value: 'Bearer {WEATHER_KEY}' },
      metered: false,
    });
    const path = `/v1/secrets/${secret['id']}`;
    for (const [method, at, body] of [
      ['PATCH', path, {}],
      ['PATCH', path, { environment: 'live' }],
      ['PATCH', path, { header: { name: 'x-key', value: 'Bearer {OTHER}' } }],
      ['POST', `${path}/versions`, { fields: { OTHER_KEY: key('w') } }],
    ] as const) {
      expect((await site.as(site.token, method, at, body)).status).toBe(422);
    }
    expect(await site.must('PATCH', path, { header: null })).toMatchObject({ header: null });
  });

  it.each([
    ['a header of the connection', { header: { name: 'host', value: '{secret}' } }],
    ['a header in capitals', { header: { name: 'X-Key', value: '{secret}' } }],
    ['a header without the secret', { header: { name: 'x-key', value: 'Bearer' } }],
    ['a line break in a header', { header: { name: 'x-key', value: '{secret}\r\nx: y' } }],
    ['a field that is not there', { header: { name: 'x-key', value: '{NOT_THERE}' } }],
    [
      'one of two fields',
      { header: { name: 'x-key', value: '{secret}' }, fields: { A_KEY: 'x', B_KEY: 'y' } },
    ],
    ['a path without a slash', { paths: ['v1'] }],
    ['a path that leads up', { paths: ['/v1/../admin'] }],
    ['a path with a query', { paths: ['/v1?x'] }],
    ['an encoded path', { paths: ['/v1%2f'] }],
    ['an unknown environment', { environment: 'test' }],
    ['free calls to a model', { metered: false }],
    [
      'free calls to a model under another name',
      { metered: false, provider: 'mine', hosts: ['api.openai.com:443'] },
    ],
    [
      'free calls to a model of a region',
      { metered: false, provider: 'mine', hosts: ['us.api.openai.com'] },
    ],
    ['a variable of the server', { references: { B_KEY: 'env://DATABASE_URL' } }],
    ['a reference that leads up', { references: { B_KEY: 'vault://kv/../sys#x' } }],
    ['a value and a reference', { references: { [FIELD]: 'env://IRON_CAGE_SECRET_X' } }],
    ['nothing', { fields: {} }],
  ])('refuses %s', async (_name, change) => {
    const base = { name: 'refused', provider: 'openai', fields: { [FIELD]: key('x') } };
    const answer = await site.as(site.token, 'POST', '/v1/secrets', { ...base, ...change });
    expect([answer.status, answer.body['error']?.code]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('lets only an operator refer to what the server can read', async () => {
    const admin = await signInAs(site, 'admin');
    const body = {
      name: 'referred',
      provider: 'openai',
      references: { [FIELD]: 'env://IRON_CAGE_SECRET_OPENAI' },
    };
    expect(await site.as(admin, 'POST', '/v1/secrets', body)).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN' } },
    });
    expect(await site.as(site.token, 'POST', '/v1/secrets', body)).toMatchObject({
      status: 503,
      body: { error: { code: 'SECRET_SOURCE_UNAVAILABLE' } },
    });
  });
});
