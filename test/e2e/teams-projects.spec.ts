import { newId } from '../../src/kernel/ids.js';
import { Installation } from '../harness/installation.js';
import { query, secondOrganization, signInAs } from '../harness/people.js';

interface Page {
  readonly items: { readonly name: string }[];
  readonly nextCursor: string | null;
}

const ZERO = '0.000000000';

const employee = { name: 'EMPLOYEE_ID', pattern: 'EMP-\\d{5}', action: 'redact' };

describe('projects', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.start();
  });
  afterAll(() => installation.stop());

  const owner = (method: string, path: string, body?: unknown) =>
    installation.as(installation.token, method, path, body);
  const audit = async (action: string, target: string) => {
    const { items } = await installation.must('GET', '/v1/audit?limit=200');
    return items.filter(
      (event: Record<string, string>) => event['action'] === action && event['target'] === target,
    );
  };

  it('start active, empty and with the default policy', async () => {
    const { status, body } = await owner('POST', '/v1/projects', { name: '  Search  ' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.any(String),
      name: 'Search',
      state: 'active',
      pauseReason: null,
      policy: {
        trancheSize: '0.500000000',
        leaseTtlSeconds: 300,
        graceSeconds: 300,
        expiry: 'return',
        maxOpenLeases: 200,
        environment: 'any',
        senderBinding: 'off',
        mode: 'enforce',
        unbounded: 'cap',
        velocityLimit: null,
        reportIntervalSeconds: 60,
        pii: {
          email: 'block',
          card: 'block',
          iban: 'block',
          ssn: 'block',
          phone: 'redact',
          ip: 'redact',
          secret: 'block',
          nationalId: 'off',
          bankAccount: 'off',
          medicalId: 'off',
          documentId: 'off',
          birthDate: 'off',
          mac: 'off',
          wallet: 'off',
          restore: true,
          patterns: [],
        },
      },
      balance: { deposited: ZERO, spent: ZERO, leased: ZERO, available: ZERO, debt: ZERO },
      activeAgents: 0,
      createdAt: expect.any(String),
    });
    expect(await audit('project.create', `project:${body['id']}`)).toHaveLength(1);
    expect((await owner('GET', `/v1/projects/${body['id']}`)).body).toEqual(body);
  });

  it('change only what was named', async () => {
    const policy = { trancheSize: '2.5', pii: { email: 'redact', card: 'off' } };
    const before = (await owner('POST', '/v1/projects', { name: 'Policy', policy })).body;
    expect(before['policy']).toMatchObject({ trancheSize: '2.500000000', graceSeconds: 300 });
    const path = `/v1/projects/${before['id']}`;
    const change = { policy: { graceSeconds: 0, expiry: 'charge' } };
    const { body } = await owner('PATCH', path, change);
    expect(body).toEqual({ ...before, policy: { ...before['policy'], ...change.policy } });
    const renamed = await owner('PATCH', path, { name: 'Renamed' });
    expect(renamed.body).toEqual({ ...body, name: 'Renamed' });
    expect((await owner('PATCH', path, {})).body).toEqual(renamed.body);
    const [event] = await audit('project.update', `project:${before['id']}`);
    expect(event.details.before.policy.trancheSize).toBe('2.500000000');
  });

  it('keep what was set about personal data, and have their own patterns', async () => {
    const pii = { phone: 'off', patterns: [employee] };
    const { body } = await owner('POST', '/v1/projects', { name: 'Discreet', policy: { pii } });
    expect(body['policy'].pii).toMatchObject({ ...pii, email: 'block', ip: 'redact' });
    const path = `/v1/projects/${body['id']}`;
    const changed = await owner('PATCH', path, { policy: { pii: { restore: false, ip: 'warn' } } });
    expect(changed.body['policy'].pii).toEqual({
      ...body['policy'].pii,
      restore: false,
      ip: 'warn',
    });
    const emptied = await owner('PATCH', path, { policy: { pii: { patterns: [] } } });
    expect(emptied.body['policy'].pii).toMatchObject({ phone: 'off', ip: 'warn', patterns: [] });
  });

  it('say why a pattern cannot be used', async () => {
    const patterns = [{ name: 'AHEAD', pattern: 'a(?=b)', action: 'redact' }];
    const policy = { pii: { patterns } };
    const { status, body } = await owner('POST', '/v1/projects', { name: 'Ahead', policy });
    expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('RE2')]);
  });

  it('have names that are unique whatever the case, also when two are made at once', async () => {
    const names = ['Twin', 'TWIN', 'twin', 'tWin'];
    const answers = await Promise.all(names.map((name) => owner('POST', '/v1/projects', { name })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const { body } = await owner('POST', '/v1/projects', { name: 'Not a twin' });
    const renamed = await owner('PATCH', `/v1/projects/${body['id']}`, { name: 'twin' });
    expect([renamed.status, renamed.body['error'].code]).toEqual([409, 'NAME_TAKEN']);
    const again = await owner('PATCH', `/v1/projects/${body['id']}`, { name: 'NOT A TWIN' });
    expect(again.status).toBe(200);
  });

  it.each([
    [{ name: '' }],
    [{ name: '   ' }],
    [{ name: 'a\nb' }],
    [{ name: 'x'.repeat(81) }],
    [{ name: 'ok', organizationId: newId() }],
    [{ name: 'ok', state: 'paused' }],
    [{ name: 'ok', balance: { deposited: '5' } }],
    [{ name: 'ok', policy: { trancheSize: '0' } }],
    [{ name: 'ok', policy: { trancheSize: -1 } }],
    [{ name: 'ok', policy: { leaseTtlSeconds: 9 } }],
    [{ name: 'ok', policy: { maxOpenLeases: 1.5 } }],
    [{ name: 'ok', policy: { pii: { email: 'delete' } } }],
    [{ name: 'ok', policy: { pii: { names: 'block' } } }],
    [
      {
        name: 'ok',
        policy: { pii: { patterns: [{ name: 'A_B', pattern: '(', action: 'warn' }] } },
      },
    ],
    [
      {
        name: 'ok',
        policy: { pii: { patterns: [{ name: 'A_B', pattern: 'a*', action: 'warn' }] } },
      },
    ],
    [
      {
        name: 'ok',
        policy: { pii: { patterns: [{ name: 'a b', pattern: 'a', action: 'warn' }] } },
      },
    ],
    [
      {
        name: 'ok',
        policy: { pii: { patterns: [{ name: 'EMAIL', pattern: 'a', action: 'off' }] } },
      },
    ],
    [{ name: 'ok', policy: { pii: { patterns: [employee, employee] } } }],
    [{ name: 'ok', policy: { unknown: true } }],
  ])('refuse %j', async (body) => {
    const answer = await owner('POST', '/v1/projects', body);
    expect([answer.status, answer.body['error'].code]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('are listed by name, page by page, and found by a part of it, wildcards meaning themselves', async () => {
    const organization = await secondOrganization(installation, 'Lister');
    const list = async (search: string) =>
      (await installation.as<Page>(organization, 'GET', `/v1/projects?${search}`)).body;
    expect(await list('')).toEqual({ items: [], nextCursor: null });
    const names = ['delta', 'Alpha', 'bravo 100%', 'Charlie', 'echo_1', 'ÉCLAIR '.repeat(9).trim()];
    for (const name of names) await installation.as(organization, 'POST', '/v1/projects', { name });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(seen.slice(0, 4)).toEqual(['Alpha', 'bravo 100%', 'Charlie', 'delta']);
    expect(seen.toSorted()).toEqual(names.toSorted());
    const found = async (text: string) =>
      (await list(`search=${encodeURIComponent(text)}`)).items.map(({ name }) => name);
    expect(await found('HA')).toEqual(['Alpha', 'Charlie']);
    expect(await found('%')).toEqual(['bravo 100%']);
    expect(await found('_')).toEqual(['echo_1']);
    expect(await found("'; DROP TABLE projects; --")).toEqual([]);
  });

  it('pause at once, say what is still out there, and refuse new leases until they are resumed', async () => {
    const project = await installation.project({ deposit: '10', policy: { trancheSize: '0.5' } });
    const sessionId = await installation.session(project.key);
    const lease = () => ({ leaseId: newId(), sessionId, wanted: '0.5', minimum: '0' });
    const acquire = () => installation.as(project.key, 'POST', '/v1/sdk/leases', lease());
    const granted = await acquire();
    expect(granted.status).toBe(201);
    const path = `/v1/projects/${project.id}`;
    const paused = await owner('POST', `${path}/pause`, { reason: 'runaway loop' });
    expect(paused.body).toMatchObject({
      project: { state: 'paused', pauseReason: 'runaway loop', activeAgents: 1 },
      stillLeased: granted.body['amount'],
    });
    expect(Date.parse(paused.body['leasedUntil'])).toBeGreaterThan(Date.now());
    const refused = await acquire();
    expect([refused.status, refused.body['error'].code]).toEqual([423, 'PROJECT_PAUSED']);
    const again = await owner('POST', `${path}/pause`, {});
    expect(again.body['project'].pauseReason).toBe('runaway loop');
    const resumed = await owner('POST', `${path}/resume`);
    expect(resumed.body).toMatchObject({ state: 'active', pauseReason: null });
    expect((await owner('POST', `${path}/resume`)).status).toBe(200);
    expect((await acquire()).status).toBe(201);
    const [event] = await audit('project.pause', `project:${project.id}`);
    expect(event.details).toMatchObject({ reason: null });
    expect(await audit('project.resume', `project:${project.id}`)).toHaveLength(1);
  });

  it('grant nothing once a pause was answered, while agents hammer', async () => {
    const project = await installation.project({
      deposit: '1000',
      policy: { trancheSize: '0.01', maxOpenLeases: 10_000 },
    });
    const sessionId = await installation.session(project.key);
    let pausedAtMs = Infinity;
    const grantedAfter: number[] = [];
    let granted = 0;
    const agent = async () => {
      for (;;) {
        const startedMs = performance.now();
        const body = { leaseId: newId(), sessionId, wanted: '0.01', minimum: '0' };
        const { status } = await installation.as(project.key, 'POST', '/v1/sdk/leases', body);
        if (status === 423) return;
        if (status !== 201) throw new Error(`a lease was answered with ${status}`);
        granted++;
        if (startedMs > pausedAtMs) grantedAfter.push(startedMs - pausedAtMs);
      }
    };
    const agents = Array.from({ length: 8 }, agent);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { body } = await owner('POST', `/v1/projects/${project.id}/pause`, { reason: 'test' });
    pausedAtMs = performance.now();
    const leased = (await installation.balance(project.id)).leased;
    await Promise.all(agents);
    expect(granted).toBeGreaterThan(0);
    expect(grantedAfter).toEqual([]);
    expect((await installation.balance(project.id)).leased).toBe(leased);
    expect(body['stillLeased']).toBe(leased);
  });

  it('that are archived neither pause nor resume', async () => {
    const project = await installation.must('POST', '/v1/projects', { name: 'Archived' });
    await query(installation, `UPDATE projects SET state = 'archived' WHERE id = $1`, [
      project['id'],
    ]);
    for (const verb of ['pause', 'resume']) {
      const { status, body } = await owner('POST', `/v1/projects/${project['id']}/${verb}`, {});
      expect([status, body['error'].code]).toEqual([409, 'PROJECT_ARCHIVED']);
    }
  });

  it('of another organization answer like projects that are not there', async () => {
    const project = await installation.must('POST', '/v1/projects', { name: 'Private' });
    const other = await secondOrganization(installation, 'Neighbours');
    const requests: [string, string, unknown][] = [
      ['GET', '', undefined],
      ['PATCH', '', { name: 'Mine now' }],
      ['POST', '/pause', {}],
      ['POST', '/resume', undefined],
    ];
    for (const [method, path, body] of requests) {
      const answer = async (id: string) => {
        const { status, body: got } = await installation.as(
          other,
          method,
          `/v1/projects/${id}${path}`,
          body,
        );
        return [status, got['error'].code, got['error'].message];
      };
      const foreign = await answer(project['id']);
      expect(foreign).toEqual(await answer(newId()));
      expect(foreign[0]).toBe(404);
    }
    const { body } = await owner('GET', `/v1/projects/${project['id']}`);
    expect(body).toEqual(project);
  });

  it('may be paused by a developer, changed by an admin, and only seen by a viewer', async () => {
    const { id } = await installation.must('POST', '/v1/projects', { name: 'Roles' });
    const [viewer, developer, admin] = [
      await signInAs(installation, 'viewer'),
      await signInAs(installation, 'developer'),
      await signInAs(installation, 'admin'),
    ];
    const status = async (token: string, method: string, path: string, body?: object) =>
      (await installation.as(token, method, `/v1/projects/${id}${path}`, body)).status;
    expect(await status(viewer, 'GET', '')).toBe(200);
    expect(await status(viewer, 'POST', '/pause', {})).toBe(403);
    expect(await status(developer, 'PATCH', '', { name: 'Roles 2' })).toBe(403);
    expect(await status(developer, 'POST', '/pause', {})).toBe(200);
    expect(await status(developer, 'POST', '/resume')).toBe(200);
    expect(await status(admin, 'PATCH', '', { name: 'Roles 3' })).toBe(200);
  });
});
