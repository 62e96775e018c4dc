import { readFileSync } from 'node:fs';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { newId } from '../../src/kernel/ids.js';
import { KEY_SCOPES, type Permission, ROLE_PERMISSIONS } from '../../src/kernel/permissions.js';
import { ROUTES } from '../../src/routes.js';
import { DEFAULT_RATE_LIMITS } from '../../src/platform/config/index.js';
import { call, Installation, sessionRequest, usage } from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly audience: 'public' | 'user' | 'agent';
  readonly permission: Permission | 'public';
  readonly hasBody: boolean;
}

/** What the OpenAPI document says of an operation, as far as it matters here. */
interface Described {
  readonly operationId: string;
  readonly security: Record<string, never>[];
  readonly requestBody?: object;
}

type Ids = Record<
  | 'projectId'
  | 'keyId'
  | 'secretId'
  | 'leaseId'
  | 'sessionId'
  | 'budgetId'
  | 'askId'
  | 'refillId'
  | 'overrideId'
  | 'anomalyId'
  | 'userId',
  string
>;

/** Bodies that would be accepted from the right caller. A new route with an id in its path or body must have one here. */
const BODIES: Record<string, (ids: Ids) => object> = {
  updateProject: () => ({ name: 'Taken over' }),
  pauseProject: () => ({ reason: 'taken over' }),
  deposit: () => ({ requestId: newId(), amount: '1' }),
  withdraw: () => ({ requestId: newId(), amount: '0.000000001' }),
  createKey: () => ({ name: 'planted', environment: 'live' }),
  updateKey: () => ({ name: 'taken over', allowedAddresses: ['192.0.2.1'] }),
  rotateKey: () => ({ overlapMinutes: 0 }),
  rotateSecret: () => ({ fields: { OPENAI_API_KEY: 'sk-test-planted-0123456789' } }),
  updateSecret: () => ({ hosts: ['evil.example.com'] }),
  rollBackSecret: () => ({ version: 1 }),
  createSecret: ({ projectId }) => ({
    name: `planted ${newId()}`,
    provider: 'openai',
    projectId,
    fields: { OPENAI_API_KEY: 'sk-test-planted-0123456789' },
  }),
  acquireLease: ({ sessionId }) => ({ leaseId: newId(), sessionId, wanted: '0.1', minimum: '0' }),
  settleLease: ({ sessionId }) => ({ sessionId, seq: 1, usage: [usage({})], final: true }),
  heartbeat: () => ({}),
  releaseAnomaly: () => ({}),
  setAnomalyPolicy: () => ({ addresses: 'off', velocity: 'off', groups: [] }),
  updateMember: () => ({ role: 'viewer' }),
  killSession: () => ({ reason: 'taken over' }),
  createBudget: ({ projectId }) => ({
    scope: 'project',
    scopeId: projectId,
    window: 'day',
    limit: '1',
  }),
  updateBudget: () => ({ limit: '1000' }),
  raiseBudget: () => ({ requestId: newId(), amount: '1', reason: 'taken over' }),
  askForBudget: ({ projectId, budgetId }) => ({
    id: newId(),
    projectId,
    budgetId,
    amount: '1',
    reason: 'x',
  }),
  approveAsk: () => ({}),
  declineAsk: () => ({}),
  createRefill: () => ({ mode: 'add', amount: '1', window: 'day' }),
  correct: () => ({ requestId: newId(), amount: '-1', reason: 'taken over' }),
  createPriceOverride: ({ projectId }) => ({
    projectId,
    provider: 'openai',
    model: '*',
    rates: { input: '0', output: '0' },
    reason: 'taken over',
  }),
  setPriceMarkup: ({ projectId }) => ({ projectId, basisPoints: 1, reason: 'taken over' }),
  setPriceCeiling: ({ projectId }) => ({ projectId, rates: null, reason: 'taken over' }),
};
/** Ids that travel in the body instead of the path. */
const ID_IN_BODY = [
  'createSecret',
  'acquireLease',
  'createBudget',
  'askForBudget',
  'createPriceOverride',
  'setPriceMarkup',
  'setPriceCeiling',
];
/** Price tables belong to no organization. */
const SHARED = ['getPriceVersion'];

const { version: PRICE_VERSION } = JSON.parse(
  readFileSync(new URL('../../src/billing/prices/price-table.json', import.meta.url), 'utf8'),
) as { version: string };

const operations = readOperations();
const closed = operations.filter(({ audience }) => audience !== 'public');

describe('the authorization matrix', () => {
  let installation: Installation;
  let mine: Ids;
  let agentKey: string;
  let strangers: { owner: string; agentKey: string };
  let siblingKey: string;
  beforeAll(async () => {
    // Every route refuses a few keys here, all from one address.
    installation = await Installation.start({
      rateLimits: { ...DEFAULT_RATE_LIMITS, failures: 100 },
    });
    ({ ids: mine, key: agentKey } = await everything(installation));
    strangers = await otherOrganization(installation);
    siblingKey = (await installation.project({ name: 'Sibling', secret: false })).key;
  });
  afterAll(() => installation.stop());

  const send = (operation: Operation, token: string | undefined, ids: Ids, body?: object) =>
    installation.as(token, operation.method, fill(operation.path, ids), body);
  /** Without a body: who calls is decided before what is said is looked at. */
  const refusal = async (operation: Operation, token: string | undefined) => {
    const { status, body } = await send(operation, token, mine);
    return [operation.id, status, body['error']?.code];
  };

  it.each(closed.map((operation) => [operation.id, operation] as const))(
    '%s is closed to everybody without a valid credential',
    async (id, operation) => {
      expect(await refusal(operation, undefined)).toEqual([id, 401, 'NOT_SIGNED_IN']);
      expect(await refusal(operation, agentKey.slice(0, -1))).toEqual([id, 401, 'KEY_MALFORMED']);
      expect(await refusal(operation, generateKey('live').key)).toEqual([id, 401, 'KEY_INVALID']);
      expect(await refusal(operation, 'eyJhbGciOiJub25lIn0.e30.')).toEqual([
        id,
        401,
        'TOKEN_INVALID',
      ]);
    },
  );

  it.each(closed.map((operation) => [operation.id, operation] as const))(
    '%s is closed to the other kind of caller',
    async (id, operation) => {
      const wrong = operation.audience === 'user' ? agentKey : installation.token;
      expect(await refusal(operation, wrong)).toEqual([id, 403, 'FORBIDDEN']);
    },
  );

  describe('of agents', () => {
    const ofAgents = closed.filter(({ audience }) => audience === 'agent');
    // Reports are let in for a day after a key's end; the tests of leases say what they may do.
    const stopAtOnce = ofAgents.filter(({ permission }) => permission !== 'agent:report');
    const make = async (wish: object = {}) => {
      const path = `/v1/projects/${mine.projectId}/keys`;
      const body = { name: 'old', environment: 'dev', ...wish };
      const { key, secret } = await installation.must('POST', path, body);
      return { id: key.id as string, secret: secret as string };
    };
    const change = (set: string, id: string) =>
      query(installation, `UPDATE iron_cage_keys SET ${set} WHERE id = $1`, [id]);

    it('is closed to keys that are over, blocked, or for another environment or place', async () => {
      const keys = {
        KEY_REVOKED: await make(),
        KEY_EXPIRED: await make(),
        KEY_BLOCKED: await make(),
        KEY_ADDRESS_REFUSED: await make({ allowedAddresses: ['192.0.2.1'] }),
        KEY_ENVIRONMENT: await make(),
      };
      await installation.must('DELETE', `/v1/keys/${keys.KEY_REVOKED.id}`);
      await change('expires_at = now()', keys.KEY_EXPIRED.id);
      await change('blocked_at = now()', keys.KEY_BLOCKED.id);
      // A project that takes dev keys only, and a key of it that says that it is a live one.
      const other = await installation.project({ secret: false, policy: { environment: 'dev' } });
      await query(installation, `UPDATE projects SET environment = 'live' WHERE id = $1`, [
        other.id,
      ]);
      keys.KEY_ENVIRONMENT = { id: other.keyId, secret: other.key };
      for (const operation of stopAtOnce) {
        for (const [code, { secret }] of Object.entries(keys)) {
          const status = ['KEY_ADDRESS_REFUSED', 'KEY_ENVIRONMENT'].includes(code) ? 403 : 401;
          expect(await refusal(operation, secret)).toEqual([operation.id, status, code]);
        }
      }
    });

    it('takes not even a report of a key that ended more than a day ago, or from elsewhere', async () => {
      const [revoked, expired] = [await make(), await make()];
      await change(`revoked_at = now() - interval '25 hours'`, revoked.id);
      await change(`expires_at = now() - interval '25 hours'`, expired.id);
      const elsewhere = await make({ allowedAddresses: ['192.0.2.1'] });
      for (const operation of ofAgents) {
        for (const [{ secret }, status, code] of [
          [revoked, 401, 'KEY_REVOKED'],
          [expired, 401, 'KEY_EXPIRED'],
          [elsewhere, 403, 'KEY_ADDRESS_REFUSED'],
        ] as const) {
          expect(await refusal(operation, secret)).toEqual([operation.id, status, code]);
        }
      }
    });

    it('is closed to a key that lacks its scope, whatever other scopes it has', async () => {
      const scoped = ofAgents.filter(({ permission }) => permission !== 'agent:run');
      // A heartbeat, and the end of a session, need no scope: without them no agent could run at all.
      expect(
        ofAgents.filter((operation) => !scoped.includes(operation)).map(({ id }) => id),
      ).toEqual(['endSession', 'heartbeat']);
      for (const operation of scoped) {
        const scope = operation.permission.replace('agent:', '');
        expect(KEY_SCOPES).toContain(scope);
        const { secret } = await make({ scopes: KEY_SCOPES.filter((one) => one !== scope) });
        const { status, body } = await send(operation, secret, mine);
        expect([operation.id, status, body['error']?.code]).toEqual([
          operation.id,
          403,
          'FORBIDDEN',
        ]);
        expect(body['error'].message).toContain(`"${scope}"`);
      }
    });
  });

  it.each(['viewer', 'developer', 'admin'] as const)(
    'gives a %s what the role allows and nothing more',
    async (role) => {
      const token = await signInAs(installation, role, `matrix-${role}@acme.test`);
      for (const operation of closed.filter(({ audience }) => audience === 'user')) {
        if (!ROLE_PERMISSIONS[role].has(operation.permission as Permission)) {
          expect(await refusal(operation, token)).toEqual([operation.id, 403, 'FORBIDDEN']);
        } else if (operation.method === 'GET' && operation.id !== 'liveEvents') {
          expect(await refusal(operation, token)).toEqual([operation.id, 200, undefined]);
        }
      }
    },
  );

  const withIds = closed.filter(
    ({ id, path }) => (path.includes('{') || ID_IN_BODY.includes(id)) && !SHARED.includes(id),
  );
  it.each(withIds.map((operation) => [operation.id, operation] as const))(
    '%s does not tell whether an id of another organization exists',
    async (id, operation) => {
      const token = operation.audience === 'user' ? strangers.owner : strangers.agentKey;
      const example = BODIES[id];
      if (operation.hasBody && !example) throw new Error(`no example body for ${id}`);
      const answer = async (ids: Ids) => {
        const body = operation.hasBody ? example?.(ids) : undefined;
        const { status, body: got } = await send(operation, token, ids, body);
        return [status, got['error']?.code, got['error']?.message];
      };
      const foreign = await answer(mine);
      expect(foreign.slice(0, 2)).toEqual([404, 'NOT_FOUND']);
      expect(foreign).toEqual(await answer(nobodys()));
    },
  );

  const agents = withIds.filter(({ audience }) => audience === 'agent');
  it.each(agents.map((operation) => [operation.id, operation] as const))(
    '%s shows nothing to a key of another project of the same organization',
    async (id, operation) => {
      const body = operation.hasBody ? BODIES[id]?.(mine) : undefined;
      const { status, body: got } = await send(operation, siblingKey, mine, body);
      expect([status, got['error']?.code]).toEqual([404, 'NOT_FOUND']);
    },
  );

  const lists = closed.filter(
    ({ audience, method, path, id }) =>
      audience === 'user' && method === 'GET' && !path.includes('{') && id !== 'liveEvents',
  );
  it.each(lists.map((operation) => [operation.id, operation] as const))(
    '%s shows nothing of another organization, not even when asked for its project',
    async (id, operation) => {
      const filters = route(id)?.query?.shape ?? {};
      const searches = ['', ...('projectId' in filters ? [`?projectId=${mine.projectId}`] : [])];
      for (const search of searches) {
        const path = operation.path + search;
        const { status, body } = await installation.as(strangers.owner, 'GET', path);
        const text = JSON.stringify(body);
        if (status !== 404) expect([path, status]).toEqual([path, 200]);
        for (const secret of [...Object.values(mine), 'Mine alone', 'sk-test']) {
          if (status !== 404) expect([path, text.includes(secret)]).toEqual([path, false]);
        }
      }
    },
  );

  it('left everything as it was', async () => {
    const project = await installation.must('GET', `/v1/projects/${mine.projectId}`);
    expect(project).toMatchObject({ name: 'Mine alone', state: 'active' });
    expect(project['balance']).toMatchObject({ deposited: '11.000000000' }); // with its refill
    const { items: keys } = await installation.must('GET', '/v1/keys');
    expect(keys.find(({ id }: { id: string }) => id === mine.keyId).state).toBe('active');
    const { items: secrets } = await installation.must('GET', '/v1/secrets');
    expect(secrets.map(({ id }: { id: string }) => id)).toEqual([mine.secretId]);
    const { items: leases } = await installation.must('GET', '/v1/leases');
    expect(leases.map(({ id, state }: Record<string, string>) => [id, state])).toEqual([
      [mine.leaseId, 'PENDING'],
    ]);
    expect((await installation.ledgerCheck()).ok).toBe(true);
  });

  it('hears a credential only in its header', async () => {
    const { url, token } = installation;
    const attempts = [
      call(url, 'GET', `/v1/auth/me?access_token=${token}`),
      call(url, 'GET', '/v1/auth/me', { headers: { cookie: `ic_refresh=${token}` } }),
      call(url, 'GET', '/v1/auth/me', { headers: { authorization: `Basic ${token}` } }),
      call(url, 'GET', '/v1/auth/me', { headers: { authorization: token } }),
      call(url, 'GET', '/v1/auth/me', { headers: { authorization: `Bearer ${token} x` } }),
      call(url, 'GET', '/v1/auth/me', { headers: { 'x-api-key': agentKey } }),
    ];
    for (const { status } of await Promise.all(attempts)) expect(status).toBe(401);
    expect((await call(url, 'GET', '/v1/auth/me', { token })).status).toBe(200);
  });

  it('starts a session for its own key, so the refusals above are about who asks', async () => {
    expect(
      (await installation.as(agentKey, 'POST', '/v1/sdk/sessions', sessionRequest())).status,
    ).toBe(201);
  });
});

function readOperations(): Operation[] {
  const text = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Described>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      audience: Object.keys(operation.security[0] ?? { public: [] })[0] as Operation['audience'],
      permission: route(operation.operationId)?.access ?? 'public',
      hasBody: operation.requestBody !== undefined,
    })),
  );
}

function route(id: string) {
  return ROUTES.find((candidate) => candidate.id === id);
}

function fill(path: string, ids: Ids): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const values: Record<string, string> = { ...ids, version: PRICE_VERSION, number: '1' };
    const id = values[name];
    if (id === undefined) throw new Error(`no id for {${name}}`);
    return id;
  });
}

function nobodys(): Ids {
  const { id: keyId } = generateKey('live');
  return {
    projectId: newId(),
    keyId,
    secretId: newId(),
    leaseId: newId(),
    sessionId: newId(),
    budgetId: newId(),
    askId: newId(),
    refillId: newId(),
    overrideId: newId(),
    anomalyId: newId(),
    userId: newId(),
  };
}

/** One of each kind of thing, in the first organization. */
async function everything(installation: Installation): Promise<{ ids: Ids; key: string }> {
  const project = await installation.project({ name: 'Mine alone', deposit: '10' });
  const { items } = await installation.must('GET', '/v1/secrets');
  const sessionId = await installation.session(project.key);
  const lease = { leaseId: newId(), sessionId, wanted: '0.1', minimum: '0' };
  const { status } = await installation.as(project.key, 'POST', '/v1/sdk/leases', lease);
  if (status !== 201) throw new Error(`the lease was answered with ${status}`);
  const { id: projectId, keyId, key } = project;
  const budget = await installation.must('POST', '/v1/budgets', {
    scope: 'project',
    scopeId: projectId,
    window: 'day',
    limit: '5',
  });
  const askId = newId();
  await installation.must('POST', '/v1/budget-requests', {
    id: askId,
    projectId,
    amount: '1',
    reason: 'more',
  });
  const refill = await installation.must('POST', `/v1/projects/${projectId}/refills`, {
    mode: 'add',
    amount: '1',
    window: 'month',
  });
  const override = await installation.must('POST', '/v1/prices/overrides', {
    projectId,
    provider: 'openai',
    model: 'mine-alone',
    rates: { input: '1', output: '1' },
    reason: 'a deal',
  });
  const member = await installation.must('POST', '/v1/members', {
    email: 'mine@acme.test',
    name: 'One of mine',
    role: 'viewer',
    password: 'a first long password',
  });
  const anomalyId = newId();
  await query(
    installation,
    `INSERT INTO anomalies (organization_id, id, project_id, key_id, kind, action, summary, evidence, first_at, last_at)
     VALUES ($1, $2, $3, $4, 'addresses', 'alert', 'Mine alone', '{}', now(), now())`,
    [installation.organizationId, anomalyId, projectId, keyId],
  );
  return {
    ids: {
      projectId,
      keyId,
      secretId: items[0].id,
      leaseId: lease.leaseId,
      sessionId,
      budgetId: budget['id'],
      askId,
      refillId: refill['id'],
      overrideId: override['id'],
      anomalyId,
      userId: member['userId'],
    },
    key,
  };
}

async function otherOrganization(
  installation: Installation,
): Promise<{ owner: string; agentKey: string }> {
  const owner = await secondOrganization(installation, 'Strangers');
  const project = await installation.as(owner, 'POST', '/v1/projects', { name: 'Theirs' });
  const key = await installation.as(owner, 'POST', `/v1/projects/${project.body['id']}/keys`, {
    name: 'agent',
    environment: 'dev',
  });
  return { owner, agentKey: key.body['secret'] as string };
}
