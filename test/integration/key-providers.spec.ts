import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Config, keyConfig } from '../../src/platform/config/index.js';
import { call, Installation, sessionRequest } from '../harness/installation.js';
import { FakeAwsKms, FakeHashiVault } from '../harness/key-services.js';
import { createDatabase, startServer, type TestServer } from '../harness/server.js';
import { delivered } from '../harness/vault.js';

const FIELD = 'OPENAI_API_KEY';

describe.each(['aws', 'vault'] as const)('a master key that %s wraps', (kind) => {
  let service: FakeAwsKms | FakeHashiVault;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  const servers: TestServer[] = [];
  const before = { ...process.env };

  beforeAll(async () => {
    service = await (kind === 'aws' ? new FakeAwsKms() : new FakeHashiVault()).start();
    database = await createDatabase();
    // Where every AWS program takes them from.
    Object.assign(process.env, {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_KMS: service.url,
    });
  });
  afterEach(async () => {
    service.failure = undefined;
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(async () => {
    process.env = before;
    service.stop();
    await database.drop();
  });

  const name = kind === 'aws' ? 'aws:alias/iron-cage' : 'vault:transit/iron-cage';
  const keys = (variables: object = {}) =>
    keyConfig(
      {
        IRON_CAGE_KMS: name,
        VAULT_ADDR: service.url,
        VAULT_TOKEN: 'hvs.test-token',
        ...variables,
      },
      {},
    );
  const start = async (overrides: Partial<Config> = {}): Promise<TestServer> => {
    const server = await startServer({ databaseUrl: database.url, keys: keys(), ...overrides });
    servers.push(server);
    return server;
  };
  const sql = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(database.url);
    await client.connect();
    return client
      .query(text)
      .then(({ rows }) => rows as Record<string, unknown>[])
      .finally(() => client.end());
  };

  it('is refused clearly when the service is not there, refuses, hangs or talks nonsense; nothing is changed', async () => {
    const wrong =
      kind === 'aws' ? { IRON_CAGE_KMS: 'aws:alias/other' } : { VAULT_TOKEN: 'hvs.wrong' };
    await expect(start({ keys: keys(wrong) })).rejects.toMatchObject({
      code: 'KEK_PROVIDER',
      message: expect.stringContaining('Nothing was changed'),
    });
    const failures = ['refuse', 'nonsense', 'error', 'throttle', 'other-key', 'truncate'] as const;
    for (const failure of failures) {
      service.failure = failure;
      await expect(start()).rejects.toMatchObject({ code: 'KEK_PROVIDER' });
      await start().catch((error: unknown) => {
        expect(String(error)).not.toContain('sk-not-json');
      });
    }
    if (kind === 'vault') {
      service.failure = 'hang';
      await expect(start()).rejects.toMatchObject({ code: 'KEK_PROVIDER' });
    }
    expect(await sql(`SELECT to_regclass('master_keys') AS there`)).toEqual([{ there: null }]);
  });

  it('is made once by replicas that start together, and is asked for at the start only', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(await sql('SELECT provider FROM master_keys')).toEqual([{ provider: name }]);
    const setup = await Promise.any(
      [one, two].map(async ({ url, setupToken }) => {
        const answer = await call(url, 'POST', '/v1/setup', {
          body: {
            token: setupToken,
            organizationName: 'Acme',
            email: 'o@acme.test',
            password: 'correct horse battery',
            name: 'Rosa',
          },
        });
        if (answer.status !== 201) throw new Error(String(answer.status));
        return answer.body;
      }),
    );
    const token = setup['accessToken'] as string;
    const calls = service.calls.length;
    const as = async (method: string, path: string, body?: object) =>
      (await call(two.url, method, path, { token, ...(body && { body }) })).body;
    const project = await as('POST', '/v1/projects', { name: 'Research' });
    await as('POST', '/v1/secrets', {
      name: 'main',
      provider: 'openai',
      fields: { [FIELD]: 'sk-0123456789abcdef' },
    });
    const { secret } = await as('POST', `/v1/projects/${project['id']}/keys`, {
      name: 'k',
      environment: 'dev',
    });
    expect(await delivered(one.url, secret as string, FIELD)).toEqual(['sk-0123456789abcdef']);
    expect(service.calls).toHaveLength(calls);

    // Sealed, the service is needed again to open it.
    await as('POST', '/v1/vault/seal', {});
    service.failure = 'refuse';
    const refused = await call(two.url, 'POST', '/v1/vault/unseal', { token, body: {} });
    expect([refused.status, refused.body['error'].code]).toEqual([503, 'KEK_MISSING']);
    expect(
      (await call(one.url, 'POST', '/v1/sdk/sessions', { token: secret, body: sessionRequest() }))
        .status,
    ).toBe(503);
    service.failure = undefined;
    expect(await as('POST', '/v1/vault/unseal', {})).toMatchObject({ sealed: false });
    expect(await delivered(two.url, secret as string, FIELD)).toHaveLength(1);

    // From the service to a key of one's own, while the servers run.
    const kek = randomBytes(32).toString('base64');
    const own = await start({
      kek,
      keys: keys({ IRON_CAGE_KMS: undefined, IRON_CAGE_KMS_PREVIOUS: name }),
    });
    expect(
      (await call(own.url, 'POST', '/v1/vault/rewrap', { token, body: {} })).body,
    ).toMatchObject({ remaining: 0, retired: [expect.any(String)] });
    const alone = await start({ kek, keys: keyConfig({}, {}) });
    expect(await delivered(alone.url, secret as string, FIELD)).toHaveLength(1);
  });
});

describe('references', () => {
  it('are read at each delivery, and a source that fails stops the delivery and nothing else', async () => {
    const vault = await new FakeHashiVault().start();
    vault.kv.set('team/openai', { key: 'sk-from-vault-1', other: 'with a space', n: 7 });
    const site = await Installation.start({
      keys: keyConfig(
        { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.token },
        { IRON_CAGE_SECRET_WEATHER: 'weather-1', DATABASE_URL: 'postgres://secret' },
      ),
    });
    const project = await site.project({ secret: false });
    const add = (references: object, fields: object = {}) =>
      site.as(site.token, 'POST', '/v1/secrets', {
        name: `r ${performance.now()}`,
        provider: 'openai',
        projectId: project.id,
        references,
        fields,
      });
    const created = await add(
      { [FIELD]: 'vault://kv/team/openai#key', WEATHER_KEY: 'env://IRON_CAGE_SECRET_WEATHER' },
      { PLAIN_KEY: 'plain' },
    );
    expect(created.status).toBe(201);
    expect(JSON.stringify(created.body)).not.toContain('from-vault');
    expect(created.body['fields']).toContainEqual({
      name: FIELD,
      last4: '',
      reference: 'vault://kv/team/openai#key',
    });
    for (const [reference, status] of [
      ['vault://kv/team/openai#none', 503],
      ['vault://kv/team/openai#other', 503],
      ['vault://kv/team/openai#n', 503],
      ['vault://kv/team/openai#toString', 503],
      ['vault://kv/none#key', 503],
      ['env://IRON_CAGE_SECRET_NONE', 503],
      ['env://DATABASE_URL', 422],
      ['vault://kv/team/openai', 422],
      ['vault://kv/../sys/seal#x', 422],
      ['https://kv/x#y', 422],
    ] as const) {
      expect([reference, (await add({ [FIELD]: reference })).status]).toEqual([reference, status]);
    }
    expect(await delivered(site.url, project.key, FIELD)).toEqual(['sk-from-vault-1']);
    expect(await delivered(site.url, project.key, 'WEATHER_KEY')).toEqual(['weather-1']);
    expect(await delivered(site.url, project.key, 'PLAIN_KEY')).toEqual(['plain']);
    vault.kv.set('team/openai', { key: 'sk-from-vault-2' });
    expect(await delivered(site.url, project.key, FIELD)).toEqual(['sk-from-vault-2']);

    vault.failure = 'refuse';
    const { activeAgents } = await site.must('GET', `/v1/projects/${project.id}`);
    const refused = await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(refused).toMatchObject({
      status: 503,
      body: { error: { code: 'SECRET_SOURCE_UNAVAILABLE' } },
    });
    expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({ activeAgents });
    expect((await site.must('GET', '/v1/secrets')).items).toHaveLength(1);
    await site.stop();
    vault.stop();
  });
});
