import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { open, seal } from '../../src/kernel/sealed-box.js';
import { Kek } from '../../src/platform/keyring/kek.js';
import { dataKeyContext, secretContext, unboundContext } from '../../src/vault/domain/context.js';
import { Installation, type Json, sessionRequest } from '../harness/installation.js';
import { query } from '../harness/people.js';
import { startServer } from '../harness/server.js';
import { delivered, sealedSession } from '../harness/vault.js';

const FIELD = 'OPENAI_API_KEY';
const OTHER = 'WEATHER_KEY';
const value = (name: string) => `sk-${name}-0123456789abcdef`;

describe('a secret whose row somebody changed in the database', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  /** A project with a secret of two versions, of which the second is handed out, and another secret beside it. */
  async function twoSecrets() {
    const project = await site.project({ secret: false });
    const secret = await site.must('POST', '/v1/secrets', {
      name: 'weather',
      provider: 'weather',
      projectId: project.id,
      hosts: ['api.weather.example'],
      paths: ['/v2/'],
      header: { name: 'x-api-key', value: '{secret}' },
      metered: false,
      environment: 'dev',
      fields: { [OTHER]: value('first') },
    });
    const id = secret['id'] as string;
    await site.must('POST', `/v1/secrets/${id}/versions`, { fields: { [OTHER]: value('second') } });
    await site.must('POST', '/v1/secrets', {
      name: 'main',
      provider: 'openai',
      projectId: project.id,
      fields: { [FIELD]: value('main') },
    });
    return { project, id };
  }
  const secretOf = async (id: string): Promise<Json | undefined> =>
    (await site.must('GET', '/v1/secrets')).items.find((one: Json) => one['id'] === id);
  const change = (sql: string, id: string) => query(site, sql, [id]);
  const SET = (what: string) => `UPDATE provider_secrets SET ${what} WHERE id = $1`;
  const VERSION = (what: string, version: number) =>
    `UPDATE provider_secret_versions SET ${what} WHERE secret_id = $1 AND version = ${String(version)}`;

  it.each([
    ['another host', SET(`hosts = '{evil.example}'`)],
    ['a host more', SET(`hosts = hosts || '{evil.example}'`)],
    ['no path', SET(`paths = '{}'`)],
    ['a path as a host', SET(`hosts = hosts || paths, paths = '{}'`)],
    ['another header', SET(`header_name = 'x-log'`)],
    ['another form of the header', SET(`header_value = 'Bearer {secret}'`)],
    ['no header', SET(`header_name = NULL, header_value = NULL`)],
    ['metered', SET('metered = NOT metered')],
    ['another provider', SET(`provider = 'openai'`)],
    ['another name', SET(`name = 'main 2'`)],
    ['every environment', SET(`environment = 'any'`)],
    ['every project', SET('project_id = NULL')],
    ['an earlier version', SET('current_version = 1')],
    ['a version that is not there', SET('current_version = 9')],
    ['another state', SET('revision = revision - 1')],
    ['no binding', SET('binding = NULL')],
    ['a binding of its own', SET(`binding = decode(repeat('00', 32), 'hex')`)],
    [
      'the binding of another secret',
      `UPDATE provider_secrets s SET binding = o.binding FROM provider_secrets o WHERE s.id = $1 AND o.id <> s.id`,
    ],
    [
      'the bytes of another version',
      VERSION(
        'sealed = (SELECT o.sealed FROM provider_secret_versions o WHERE o.secret_id = $1 AND o.version = 1)',
        2,
      ),
    ],
    [
      'no bytes',
      VERSION(`sealed = NULL, data_key_id = NULL, destroyed_at = now(), destroyed_by = 'x'`, 2),
    ],
    [
      'an earlier version taken away',
      'DELETE FROM provider_secret_versions WHERE secret_id = $1 AND version = 1',
    ],
  ])('(%s) goes nowhere; the other secrets do, and people hear of it', async (_what, sql) => {
    const { project, id } = await twoSecrets();
    await delivered(site.url, project.key, FIELD);
    await change(sql, id);
    const session = await sealedSession(site.url, project.key);
    expect(session.answer.status).toBe(201);
    const { secrets } = await session.open();
    expect(JSON.stringify(secrets)).not.toMatch(/first|second/);
    const code = expect.stringMatching(/^SECRET_(ALTERED|UNREADABLE)$/);
    expect(secrets.find((one) => one['id'] === id)).toMatchObject({
      fields: {},
      unavailable: { code, message: expect.any(String) },
    });
    expect(secrets.flatMap((one) => (one['fields'][FIELD] as string | undefined) ?? [])).toEqual([
      value('main'),
    ]);
    expect(
      await query(site, 'SELECT 1 FROM secret_grants WHERE session_id = $1 AND secret_id = $2', [
        session.sessionId,
        id,
      ]),
    ).toEqual([]);
    const { items } = await site.must('GET', '/v1/audit');
    expect(items[0]).toMatchObject({
      action: 'secret.unreadable',
      actor: `key:${project.keyId}`,
      target: `secret:${id}`,
      details: { code, sessionId: session.sessionId },
    });
    expect(await secretOf(id)).toMatchObject({ problem: { code, since: expect.any(String) } });
    // Nothing that people do makes a forged row a true one.
    const path = `/v1/secrets/${id}`;
    for (const [method, at, body] of [
      ['PATCH', path, { name: 'renamed' }],
      ['PATCH', path, { hosts: ['api.weather.example'] }],
      ['POST', `${path}/rollback`, { version: 1 }],
    ] as const) {
      const { status } = await site.as(site.token, method, at, body);
      if (status === 200) expect(sql).toContain('sealed = (SELECT');
    }
    const last = await (await sealedSession(site.url, project.key)).open();
    expect(last.secrets.filter((one) => one['hosts'].includes('evil.example'))).toEqual(
      last.secrets.filter((one) => one['unavailable'] && one['hosts'].includes('evil.example')),
    );
    await site.must('DELETE', path);
    expect(await delivered(site.url, project.key, FIELD)).toEqual([value('main')]);
  });

  it('is refused to people too: no new value goes to hosts that nobody set', async () => {
    const { id } = await twoSecrets();
    await change(SET(`hosts = '{evil.example}'`), id);
    const path = `/v1/secrets/${id}`;
    for (const [method, at, body] of [
      ['POST', `${path}/versions`, { fields: { [OTHER]: value('third') } }],
      ['PATCH', path, { paths: [] }],
      ['POST', `${path}/rollback`, { version: 1 }],
      ['DELETE', `${path}/versions/1`, undefined],
    ] as const) {
      const answer = await site.as(site.token, method, at, body);
      expect([answer.status, answer.body['error']?.code]).toEqual([500, 'SECRET_ALTERED']);
    }
    expect(
      (await site.as(site.token, 'POST', '/v1/vault/data-keys', { replaces: 1 })).body,
    ).toMatchObject({ error: { code: 'SECRET_ALTERED', details: { secretId: id } } });
    await site.must('DELETE', path);
  });

  it('works again when the row is what somebody set, and the note of the problem goes', async () => {
    const { project, id } = await twoSecrets();
    await change(SET(`hosts = '{evil.example}'`), id);
    expect(await delivered(site.url, project.key, OTHER)).toEqual([]);
    expect(await secretOf(id)).toMatchObject({ problem: { code: 'SECRET_ALTERED' } });
    await change(SET(`hosts = '{api.weather.example}'`), id);
    expect(await delivered(site.url, project.key, OTHER)).toEqual([value('second')]);
    expect(await secretOf(id)).toMatchObject({ problem: null });
  });

  it('brings no destroyed version back, not even for somebody who rolls back', async () => {
    const { project, id } = await twoSecrets();
    const [kept] = await query<{ sealed: Buffer; key: string }>(
      site,
      'SELECT sealed, data_key_id AS key FROM provider_secret_versions WHERE secret_id = $1 AND version = 1',
      [id],
    );
    await site.must('DELETE', `/v1/secrets/${id}/versions/1`);
    expect(await delivered(site.url, project.key, OTHER)).toEqual([value('second')]);
    await query(
      site,
      `UPDATE provider_secret_versions SET sealed = $2, data_key_id = $3, destroyed_at = NULL, destroyed_by = NULL
        WHERE secret_id = $1 AND version = 1`,
      [id, kept?.sealed, kept?.key],
    );
    const back = await site.as(site.token, 'POST', `/v1/secrets/${id}/rollback`, { version: 1 });
    expect(back).toMatchObject({ status: 500, body: { error: { code: 'SECRET_ALTERED' } } });
    expect(await delivered(site.url, project.key, OTHER)).toEqual([]);
  });

  it('stops the start of an agent when there is no other, and nothing is left behind', async () => {
    const project = await site.project();
    await query(
      site,
      `UPDATE provider_secrets SET hosts = '{evil.example}' WHERE project_id = $1`,
      [project.id],
    );
    expect(await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 500,
      body: {
        error: { code: 'SECRET_ALTERED', message: expect.stringContaining('store it anew') },
      },
    });
    expect(await query(site, 'SELECT 1 FROM sessions WHERE project_id = $1', [project.id])).toEqual(
      [],
    );
    const { items } = await site.must('GET', '/v1/audit');
    expect(items[0]).toMatchObject({ action: 'secret.unreadable' });
  });

  it('with a data key that was altered is named like any other', async () => {
    const { project } = await twoSecrets();
    const flip = 'UPDATE data_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)';
    await query(site, flip);
    expect(await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 500,
      body: { error: { code: 'SECRET_UNREADABLE', message: expect.stringContaining('data key') } },
    });
    await query(site, flip);
    expect(await delivered(site.url, project.key, OTHER)).toEqual([value('second')]);
  });
});

describe('secrets from before rows were bound', () => {
  it('are bound at the next start, all their versions, and no later start believes a row again', async () => {
    const site = await Installation.start();
    const kekFile = path.join(site.server.dataDir, 'kek');
    const kek = new Kek(Buffer.from((await readFile(kekFile, 'utf8')).trim(), 'base64'));
    const projects = [await site.project(), await site.project()];
    for (const { id } of (await site.must('GET', '/v1/secrets')).items as Json[]) {
      await site.must('POST', `/v1/secrets/${id as unknown as string}/versions`, {
        fields: { [FIELD]: value('second') },
      });
    }
    await toEarlierForm(site, kek);
    const restart = () => startServer({ databaseUrl: site.server.databaseUrl, kekFile });
    const [first, second] = projects;
    if (!first || !second) throw new Error('two projects were made');

    // Sealed at its start the server does not touch them; unsealed it does.
    await site.must('POST', '/v1/vault/seal', {});
    const next = await restart();
    const unbound = 'SELECT count(*)::int AS left FROM provider_secrets WHERE binding IS NULL';
    expect(await query(site, unbound)).toEqual([{ left: 2 }]);
    await site.must('POST', '/v1/vault/unseal', {});
    await next.stop();
    const third = await restart();
    expect(await query(site, unbound)).toEqual([{ left: 0 }]);
    expect(await delivered(third.url, first.key, FIELD)).toEqual([value('second')]);
    const [secret] = (await site.must('GET', `/v1/secrets?projectId=${first.id}`)).items;
    await site.must('POST', `/v1/secrets/${secret.id as string}/rollback`, { version: 1 });
    expect(await delivered(third.url, first.key, FIELD)).toHaveLength(1);
    await third.stop();
    expect(
      await query(site, `SELECT count(*)::int AS n FROM audit_events WHERE action = 'secret.bind'`),
    ).toEqual([{ n: 2 }]);

    await query(site, `UPDATE provider_secrets SET binding = NULL, hosts = '{evil.example}'`);
    const last = await restart();
    expect(await query(site, unbound)).toEqual([{ left: 2 }]);
    const refused = await sealedSession(last.url, second.key);
    expect(refused.answer).toMatchObject({
      status: 500,
      body: { error: { code: 'SECRET_ALTERED' } },
    });
    await last.stop();
    await site.stop();
  });
});

/** What the server before this one left behind. */
async function toEarlierForm(site: Installation, kek: Kek): Promise<void> {
  const rows = await query<Json>(
    site,
    `SELECT v.organization_id AS "organizationId", v.secret_id AS "secretId", v.version, v.sealed, s.project_id AS "projectId",
            s.environment, k.id AS "dataKeyId", k.wrapped
       FROM provider_secret_versions v
       JOIN provider_secrets s ON s.id = v.secret_id
       JOIN data_keys k ON k.id = v.data_key_id`,
  );
  for (const row of rows) {
    const of = row as unknown as Parameters<typeof secretContext>[0];
    const wrapped = row['wrapped'] as unknown as Buffer;
    const key = kek.unwrap(wrapped, dataKeyContext(of.organizationId, of.dataKeyId));
    const bytes = open(key, row['sealed'], secretContext(of));
    await query(
      site,
      'UPDATE provider_secret_versions SET sealed = $3 WHERE secret_id = $1 AND version = $2',
      [of.secretId, of.version, seal(key, bytes, unboundContext(of))],
    );
  }
  await query(site, 'UPDATE provider_secrets SET binding = NULL');
}
