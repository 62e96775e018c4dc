import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { type Config, keyConfig } from '../../src/platform/config/index.js';
import { call, Installation, type Json, sessionRequest } from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';
import { startServer, type TestServer } from '../harness/server.js';
import { delivered } from '../harness/vault.js';

const FIELD = 'OPENAI_API_KEY';
const value = (name: string | number) => `sk-${name}-0123456789abcdef`;
const masterKey = () => randomBytes(32).toString('base64');

/** Holds rows as somebody does who is in the middle of something. @returns how to let go */
async function holding(databaseUrl: string, sql: string): Promise<() => Promise<void>> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query('BEGIN');
  const { rowCount } = await client.query(sql);
  if (rowCount === 0) throw new Error('there is nothing to hold');
  return () => client.query('ROLLBACK').then(() => client.end());
}

describe('the data key of an organization', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());
  const vault = () => site.must('GET', '/v1/vault');
  const rotate = (replaces: number) => site.must('POST', '/v1/vault/data-keys', { replaces });

  it('is replaced while agents run, goes on where it stopped, and the old one is destroyed at the end', async () => {
    expect(await vault()).toMatchObject({ dataKeyVersion: 0, remaining: 0, sealed: false });
    const project = await site.project({ secret: false });
    for (let i = 0; i < 12; i++) {
      const { id } = await site.must('POST', '/v1/secrets', {
        name: `secret ${i}`,
        provider: 'openai',
        projectId: project.id,
        fields: { [`KEY_${i}`]: value(i) },
      });
      await site.must('POST', `/v1/secrets/${id}/versions`, { fields: { [`KEY_${i}`]: value(i) } });
    }
    const all = async () => {
      const values = [];
      for (let i = 0; i < 12; i++)
        values.push(...(await delivered(site.url, project.key, `KEY_${i}`)));
      return values;
    };
    const expected = Array.from({ length: 12 }, (_, i) => value(i));
    const before = await query(site, 'SELECT id FROM data_keys');

    // Some versions cannot be had now: what a server that is stopped half-way leaves behind.
    const letGo = await holding(
      site.server.databaseUrl,
      'SELECT 1 FROM provider_secret_versions WHERE version = 2 LIMIT 5 FOR UPDATE',
    );
    expect(await rotate(1)).toMatchObject({ dataKeyVersion: 2, remaining: 5 });
    await letGo();
    expect(await query(site, 'SELECT version FROM data_keys ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
    expect(await all()).toEqual(expected);
    expect(await rotate(1)).toMatchObject({ dataKeyVersion: 2, remaining: 0 });
    expect(await rotate(1)).toMatchObject({ dataKeyVersion: 2, remaining: 0 });
    expect(await all()).toEqual(expected);
    const after = await query(site, 'SELECT id FROM data_keys');
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await site.as(site.token, 'POST', '/v1/vault/data-keys', { replaces: 7 })).toMatchObject(
      { status: 409, body: { error: { code: 'CONFLICT' } } },
    );
    expect(
      await query(
        site,
        `SELECT action, details FROM audit_events WHERE action LIKE 'vault.%' ORDER BY id`,
      ),
    ).toEqual([
      { action: 'vault.rotate', details: { from: 1, to: 2 } },
      { action: 'vault.key.destroy', details: { versions: [1] } },
    ]);
  });

  it('is replaced while others store, roll back and hand out secrets, and nothing is lost', async () => {
    const project = await site.project({ secret: false });
    const { id } = await site.must('POST', '/v1/secrets', {
      name: 'busy',
      provider: 'openai',
      projectId: project.id,
      fields: { [FIELD]: value('first') },
    });
    const from = (await vault())['dataKeyVersion'] as number;
    const results = await Promise.all([
      ...[0, 1, 2, 3].map((i) => rotate(from + i).catch((error: unknown) => String(error))),
      ...[0, 1, 2, 3, 4, 5].map((i) =>
        site.must('POST', `/v1/secrets/${id}/versions`, { fields: { [FIELD]: value(i) } }),
      ),
      ...[0, 1, 2, 3].map(() => delivered(site.url, project.key, FIELD)),
    ]);
    for (const result of results) {
      if (typeof result === 'string') expect(result).toContain('CONFLICT');
    }
    const { dataKeyVersion } = await vault();
    expect(await rotate(dataKeyVersion - 1)).toMatchObject({ remaining: 0 });
    for (const { version, state } of (await site.must('GET', `/v1/secrets/${id}/versions`)).items) {
      if (state !== 'current') await site.must('POST', `/v1/secrets/${id}/rollback`, { version });
      expect(await delivered(site.url, project.key, FIELD)).toHaveLength(1);
    }
    expect(await query(site, 'SELECT version FROM data_keys')).toHaveLength(1);
  });

  it('says which version is broken, and changes nothing of it', async () => {
    const project = await site.project();
    await query(
      site,
      `UPDATE provider_secret_versions v SET sealed = '\\x01' FROM provider_secrets s WHERE s.id = v.secret_id AND s.project_id = $1`,
      [project.id],
    );
    const { dataKeyVersion } = await vault();
    const broken = await site.as(site.token, 'POST', '/v1/vault/data-keys', {
      replaces: dataKeyVersion,
    });
    expect(broken).toMatchObject({
      status: 500,
      body: { error: { code: 'SECRET_UNREADABLE', details: { version: 1 } } },
    });
    await site.must('DELETE', `/v1/secrets/${broken.body['error'].details.secretId}`);
    expect(await rotate(dataKeyVersion)).toMatchObject({ remaining: 0 });
  });
});

describe('destroying the keys of an organization', () => {
  it('takes an owner who types its name; secrets are gone for good, and the ledger remains', async () => {
    const site = await Installation.start();
    const project = await site.project({ deposit: '10' });
    const stranger = await secondOrganization(site);
    const theirs = await call(site.url, 'POST', '/v1/secrets', {
      token: stranger,
      body: { name: 'theirs', provider: 'openai', fields: { [FIELD]: value('theirs') } },
    });
    const shred = (token: string, confirm: string) =>
      site.as(token, 'POST', '/v1/vault/shred', { confirm });
    expect((await shred(await signInAs(site, 'admin'), 'Acme')).status).toBe(403);
    expect(await shred(site.token, 'acme')).toMatchObject({
      status: 422,
      body: { error: { code: 'VALIDATION_FAILED' } },
    });
    expect(await delivered(site.url, project.key, FIELD)).toHaveLength(1);

    expect(await shred(site.token, 'Acme')).toMatchObject({
      status: 200,
      body: { dataKeys: 1, secrets: 1, versions: 1 },
    });
    expect(await site.must('GET', '/v1/secrets')).toEqual({ items: [] });
    expect(
      await query(
        site,
        `SELECT 1 FROM data_keys WHERE organization_id = $1 UNION ALL SELECT 1 FROM provider_secret_versions WHERE organization_id = $1`,
        [site.organizationId],
      ),
    ).toEqual([]);
    expect(await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 409,
      body: { error: { code: 'PROJECT_HAS_NO_SECRET' } },
    });
    expect(await site.balance(project.id)).toMatchObject({ deposited: '10.000000000' });
    expect((await site.ledgerCheck()).ok).toBe(true);
    const { items } = await site.must('GET', '/v1/audit');
    expect(items[0]).toMatchObject({ action: 'vault.shred', details: { secrets: 1 } });
    const left = await call(site.url, 'GET', '/v1/secrets', { token: stranger });
    expect(left.body['items']).toMatchObject([{ id: theirs.body['id'] }]);

    await site.must('POST', '/v1/secrets', {
      name: 'anew',
      provider: 'openai',
      fields: { [FIELD]: value('anew') },
    });
    expect(await delivered(site.url, project.key, FIELD)).toEqual([value('anew')]);
    await site.stop();
  });
});

describe('the master key', () => {
  let site: Installation;
  let servers: TestServer[];
  const [first, second] = [masterKey(), masterKey()];
  beforeAll(async () => {
    site = await Installation.start({ kek: first });
  });
  beforeEach(() => {
    servers = [];
  });
  afterEach(() => Promise.all(servers.map((server) => server.stop())));
  afterAll(() => site.stop());

  const start = async (overrides: Partial<Config>): Promise<TestServer> => {
    const server = await startServer({ databaseUrl: site.server.databaseUrl, ...overrides });
    servers.push(server);
    return server;
  };
  const withPrevious = (variables: object): Partial<Config> => ({
    kek: second,
    keys: keyConfig(variables, {}),
  });

  it('is replaced while the server runs, goes on where it stopped, and the old one is not needed any more', async () => {
    const project = await site.project();
    const stranger = await secondOrganization(site);
    await call(site.url, 'POST', '/v1/secrets', {
      token: stranger,
      body: { name: 'theirs', provider: 'openai', fields: { [FIELD]: value('theirs') } },
    });
    await expect(start({ kek: second })).rejects.toMatchObject({ code: 'KEK_WRONG' });

    const next = await start(withPrevious({ IRON_CAGE_KEK_PREVIOUS: first }));
    const asOwner = async (method: string, at: string, body?: object) =>
      (await call(next.url, method, at, { token: site.token, ...(body && { body }) })).body;
    expect(await asOwner('GET', '/v1/vault')).toMatchObject({ wrappedElsewhere: 1 });
    expect(await delivered(next.url, project.key, FIELD)).toHaveLength(1);
    const letGo = await holding(
      site.server.databaseUrl,
      `SELECT 1 FROM data_keys WHERE organization_id <> '${site.organizationId}' FOR UPDATE`,
    );
    expect(await asOwner('POST', '/v1/vault/rewrap', {})).toMatchObject({
      remaining: 1,
      retired: [],
    });
    await letGo();
    // Half-way neither key may be missing.
    await expect(start({ kek: second })).rejects.toMatchObject({ code: 'KEK_WRONG' });
    await expect(start({ kek: first })).rejects.toMatchObject({ code: 'KEK_WRONG' });
    expect(await asOwner('POST', '/v1/vault/rewrap', {})).toMatchObject({
      rewrapped: 1,
      remaining: 0,
      retired: [expect.stringMatching(/^[0-9a-f]{16}$/)],
    });
    expect(await asOwner('POST', '/v1/vault/rewrap', {})).toMatchObject({
      rewrapped: 0,
      retired: [],
    });
    expect(await asOwner('GET', '/v1/vault')).toMatchObject({ wrappedElsewhere: 0 });
    await expect(start({ kek: first })).rejects.toMatchObject({ code: 'KEK_WRONG' });
    const alone = await start({ kek: second });
    expect(await delivered(alone.url, project.key, FIELD)).toHaveLength(1);
    // The server with the old key alone: clear, and nothing half done.
    expect(
      await call(site.url, 'POST', '/v1/sdk/sessions', {
        token: project.key,
        body: sessionRequest(),
      }),
    ).toMatchObject({ status: 503, body: { error: { code: 'KEK_MISSING' } } });
    const third = await call(site.url, 'POST', '/v1/organizations', {
      token: site.token,
      body: { name: 'Third' },
    });
    expect(third.status).toBe(201);
  });

  it('in a file that others may read is refused', async () => {
    const file = path.join(site.server.dataDir, 'exposed');
    await writeFile(file, `${first}\n`, { mode: 0o640 });
    await expect(start({ kekFile: file })).rejects.toMatchObject({
      code: 'KEK_EXPOSED',
      message: expect.stringContaining(`chmod 600 ${file}`),
    });
    await expect(start(withPrevious({ IRON_CAGE_KEK_PREVIOUS_FILE: file }))).rejects.toMatchObject({
      code: 'KEK_EXPOSED',
    });
    await expect(
      start(withPrevious({ IRON_CAGE_KEK_PREVIOUS_FILE: `${file}.none` })),
    ).rejects.toMatchObject({ code: 'KEK_MISSING' });
  });
});

describe('a sealed vault', () => {
  it('hands out no secret on any server, while money, pauses and reports go on', async () => {
    const site = await Installation.start();
    const kek = path.join(site.server.dataDir, 'kek');
    const other = await startServer({ databaseUrl: site.server.databaseUrl, kekFile: kek });
    const project = await site.project({ deposit: '10' });
    const sessionId = await site.session(project.key);
    const admin = await signInAs(site, 'admin');
    expect((await site.as(admin, 'POST', '/v1/vault/seal', {})).status).toBe(403);
    const sealed = await site.must('POST', '/v1/vault/seal', { reason: 'a drill' });
    expect(sealed).toMatchObject({ sealed: true, sealedAt: expect.any(String) });
    await site.must('POST', '/v1/vault/seal', {});

    for (const url of [site.url, other.url]) {
      const refused = await call(url, 'POST', '/v1/sdk/sessions', {
        token: project.key,
        body: sessionRequest(),
      });
      expect(refused).toMatchObject({ status: 503, body: { error: { code: 'VAULT_SEALED' } } });
      expect(refused.headers.get('retry-after')).toBe('15');
    }
    const body = { name: 'x', provider: 'openai', fields: { [FIELD]: value('x') } };
    expect((await site.as(site.token, 'POST', '/v1/secrets', body)).status).toBe(503);
    const lease = { leaseId: newId(), sessionId, wanted: '0.1', minimum: '0' };
    expect((await site.as(project.key, 'POST', '/v1/sdk/leases', lease)).status).toBe(201);
    await site.must('POST', `/v1/projects/${project.id}/pause`, {});
    await site.must('POST', `/v1/projects/${project.id}/resume`, {});
    expect((await site.must('GET', '/v1/secrets')).items).toHaveLength(1);
    expect((await site.ledgerCheck()).ok).toBe(true);

    // It stays sealed over a start, and while the key is not to be had.
    const restarted = await startServer({ databaseUrl: site.server.databaseUrl, kekFile: kek });
    expect(
      (
        await call(restarted.url, 'POST', '/v1/sdk/sessions', {
          token: project.key,
          body: sessionRequest(),
        })
      ).status,
    ).toBe(503);
    await restarted.stop();
    const key = await readFile(kek, 'utf8');
    await rm(kek);
    expect(await site.as(site.token, 'POST', '/v1/vault/unseal', {})).toMatchObject({
      status: 503,
      body: { error: { code: 'KEK_MISSING' } },
    });
    expect(await site.must('GET', '/v1/vault')).toMatchObject({ sealed: true });
    await writeFile(kek, key, { mode: 0o600 });
    expect(await site.must('POST', '/v1/vault/unseal', {})).toMatchObject({ sealed: false });
    expect(await delivered(site.url, project.key, FIELD)).toHaveLength(1);
    const { items } = await site.must('GET', '/v1/audit');
    expect(
      items.map(({ action }: Json) => action).filter((action: string) => action.includes('seal')),
    ).toEqual(['vault.unseal', 'vault.seal', 'vault.seal']);
    await other.stop();
    await site.stop();
  });
});
