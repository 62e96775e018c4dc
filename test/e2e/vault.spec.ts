import pg from 'pg';
import { Installation, type Json, sessionRequest } from '../harness/installation.js';
import { sealedSession } from '../harness/vault.js';

const CANARY = 'sk-canary-Zx81Qw77Lm42Np90Tr55';
describe('provider keys in the vault', () => {
  let site: Installation;

  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  const openSession = (key: string) => sealedSession(site.url, key);

  it('delivers them sealed to the one session that asked, bound to its id, nonce and expiry', async () => {
    const project = await site.project({ secret: false });
    const created = await site.must('POST', '/v1/secrets', {
      name: 'main',
      provider: 'openai',
      projectId: project.id,
      fields: { OPENAI_API_KEY: CANARY },
    });
    expect(JSON.stringify(created)).not.toContain(CANARY);
    expect(created).toMatchObject({
      version: 1,
      hosts: ['api.openai.com'],
      fields: [{ name: 'OPENAI_API_KEY', last4: 'Tr55', reference: null }],
      paths: [],
      header: null,
      metered: true,
      environment: 'any',
    });
    const { answer, open, aad } = await openSession(project.key);
    expect(answer.status).toBe(201);
    expect(JSON.stringify(answer.body)).not.toContain(CANARY);
    expect(await open(aad)).toEqual({
      proof: expect.any(Object),
      secrets: [
        {
          id: created['id'],
          name: 'main',
          provider: 'openai',
          version: 1,
          hosts: ['api.openai.com'],
          paths: [],
          header: null,
          metered: true,
          fields: { OPENAI_API_KEY: CANARY },
        },
      ],
    });
    await expect(open(aad.replace(/\d$/, 'x'))).rejects.toThrow();
    expect(
      answer.body['prices'].models.every(
        (model: { provider: string }) => model.provider === 'openai',
      ),
    ).toBe(true);
  });

  it("hands out the newest version after a rotation, and the project's own key after the organization's", async () => {
    const project = await site.project({ secret: false });
    const shared = await site.must('POST', '/v1/secrets', {
      name: `shared ${project.id}`,
      provider: 'anthropic',
      fields: { ANTHROPIC_API_KEY: 'one-one-one-one-one' },
    });
    await site.must('POST', `/v1/secrets/${shared['id']}/versions`, {
      fields: { ANTHROPIC_API_KEY: 'two-two-two-two-two' },
    });
    await site.must('POST', '/v1/secrets', {
      name: 'own',
      provider: 'anthropic',
      projectId: project.id,
      fields: { ANTHROPIC_API_KEY: 'own-own-own-own-own' },
    });
    const { open, aad } = await openSession(project.key);
    const { secrets } = await open(aad);
    expect(secrets.map((secret: Json) => secret['fields'].ANTHROPIC_API_KEY)).toEqual([
      'two-two-two-two-two',
      'own-own-own-own-own',
    ]);
    await site.must('DELETE', `/v1/secrets/${shared['id']}`);
    const after = await openSession(project.key);
    expect((await after.open(after.aad)).secrets).toHaveLength(1);
  });

  it('writes an audit row for each delivery', async () => {
    const project = await site.project();
    const sessionId = await site.session(project.key);
    const { items } = await site.must('GET', '/v1/audit');
    expect(items[0]).toMatchObject({
      action: 'secret.deliver',
      actor: `key:${project.keyId}`,
      details: { sessionId, version: 1 },
    });
  });

  it('keeps no provider key, Iron Cage key or password readable in the database', async () => {
    const project = await site.project({ secret: false });
    await site.must('POST', '/v1/secrets', {
      name: 'canary',
      provider: 'openai',
      projectId: project.id,
      fields: { OPENAI_API_KEY: CANARY },
    });
    await openSession(project.key);
    const client = new pg.Client(site.server.databaseUrl);
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      expect(tables.length).toBeGreaterThan(15);
      for (const needle of [
        CANARY,
        project.key,
        project.key.slice(-38),
        'correct horse battery',
        site.server.setupToken,
      ]) {
        for (const { name } of tables) {
          const { rows } = await client.query(
            `SELECT 1 FROM ${name} t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0`,
            [needle],
          );
          expect({ name, found: rows.length }).toEqual({ name, found: 0 });
        }
      }
    } finally {
      await client.end();
    }
  });

  it("opens no row that was moved to another project's secret", async () => {
    const [one, two] = [await site.project(), await site.project()];
    const client = new pg.Client(site.server.databaseUrl);
    await client.connect();
    try {
      await client.query(
        `UPDATE provider_secret_versions v SET sealed = w.sealed
         FROM provider_secrets s, provider_secret_versions w, provider_secrets t
         WHERE v.secret_id = s.id AND s.project_id = $1 AND w.secret_id = t.id AND t.project_id = $2`,
        [one.id, two.id],
      );
    } finally {
      await client.end();
    }
    expect(await site.as(one.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 500,
      body: { error: { code: 'SECRET_UNREADABLE' } },
    });
    expect((await site.as(two.key, 'POST', '/v1/sdk/sessions', sessionRequest())).status).toBe(201);
  });

  // The points of low order on Curve25519 and its twist, with the encodings that are not reduced, and each with its unused bit set.
  it.each(
    [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ].flatMap((hex) => {
      const point = Buffer.from(hex, 'hex');
      const twin = Buffer.from(point);
      twin[31] = (twin[31] ?? 0) | 0x80;
      return [point, twin].map((bytes) => [
        bytes.toString('hex').slice(0, 8) + '…' + bytes.toString('hex').slice(-2),
        bytes.toString('base64url'),
      ]);
    }),
  )(
    'refuses the point %s as a public key, and leaves no session behind',
    async (_name, publicKey) => {
      const project = await site.project();
      expect(
        await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest(publicKey)),
      ).toMatchObject({
        status: 422,
        body: { error: { code: 'KEY_EXCHANGE_FAILED' } },
      });
      expect(await site.must('GET', `/v1/projects/${project.id}`)).toMatchObject({
        activeAgents: 0,
      });
    },
  );

  it('says what to do when a project has no provider key, is paused, or the protocol is another', async () => {
    const bare = await site.project({ secret: false });
    const shared = (await site.must('GET', '/v1/secrets')).items.filter(
      (secret: Json) => secret['projectId'] === null,
    );
    for (const { id } of shared) await site.must('DELETE', `/v1/secrets/${id}`);
    const none = await site.as(bare.key, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(none).toMatchObject({ status: 409, body: { error: { code: 'PROJECT_HAS_NO_SECRET' } } });
    expect(none.body['error'].message).toContain('iron-cage secret add');
    const project = await site.project();
    expect(
      await site.as(project.key, 'POST', '/v1/sdk/sessions', { ...sessionRequest(), protocol: 2 }),
    ).toMatchObject({ status: 422, body: { error: { code: 'PROTOCOL_UNSUPPORTED' } } });
    await site.must('POST', `/v1/projects/${project.id}/pause`, {});
    expect(await site.as(project.key, 'POST', '/v1/sdk/sessions', sessionRequest())).toMatchObject({
      status: 423,
      body: { error: { code: 'PROJECT_PAUSED' } },
    });
  });

  it('refuses fields, hosts and names that could not work', async () => {
    const base = { name: 'x', provider: 'openai', fields: { OPENAI_API_KEY: 'sk-x' } };
    for (const change of [
      { fields: {} },
      { fields: { 'lower-case': 'x' } },
      { fields: { OPENAI_API_KEY: 'has a space' } },
      { fields: { OPENAI_API_KEY: '' } },
      { hosts: ['https://api.openai.com'] },
      { hosts: [] },
      { provider: 'unheard-of' },
      { organizationId: site.organizationId },
    ]) {
      expect(
        await site.as(site.token, 'POST', '/v1/secrets', { ...base, ...change }),
      ).toMatchObject({ status: 422 });
    }
    await site.must('POST', '/v1/secrets', { ...base, name: 'Taken' });
    expect(
      await site.as(site.token, 'POST', '/v1/secrets', { ...base, name: 'taken' }),
    ).toMatchObject({ status: 409, body: { error: { code: 'NAME_TAKEN' } } });
  });
});
