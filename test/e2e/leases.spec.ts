import { newId } from '../../src/kernel/ids.js';
import { Installation, type ProjectFixture, usage } from '../harness/installation.js';
import { eventually, query } from '../harness/people.js';

describe('borrowing and reporting over HTTP', () => {
  let site: Installation;
  let project: ProjectFixture;
  let session: string;

  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());
  beforeEach(async () => {
    project = await site.project({ deposit: '1.00' });
    session = await site.session(project.key);
  });
  afterEach(async () => {
    expect(await site.ledgerCheck()).toMatchObject({ ok: true, findings: [] });
  });

  const acquire = (fields: object = {}, key = project.key) =>
    site.as(key, 'POST', '/v1/sdk/leases', {
      leaseId: newId(),
      sessionId: session,
      wanted: '0.5',
      minimum: '0',
      ...fields,
    });
  const settle = (leaseId: string, fields: object = {}, key = project.key) =>
    site.as(key, 'POST', `/v1/sdk/leases/${leaseId}/settlements`, {
      sessionId: session,
      seq: 1,
      usage: [],
      final: true,
      ...fields,
    });

  it('moves the tranche out of the balance before anything is spent', async () => {
    const answer = await acquire();
    expect(answer).toMatchObject({ status: 201, body: { amount: '0.500000000', ttlSeconds: 300 } });
    expect(await site.balance(project.id)).toMatchObject({
      available: '0.500000000',
      leased: '0.500000000',
      spent: '0.000000000',
    });
  });

  it('books $0.20, returns $0.30 and gives a new tranche in one exchange', async () => {
    const { body } = await acquire();
    const next = newId();
    const answer = await settle(body['leaseId'], {
      usage: [usage({ output: 100_000 })],
      next: { leaseId: next, wanted: '0.5', minimum: '0' },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        state: 'SETTLED',
        booked: '0.200000000',
        returned: '0.300000000',
        late: '0.000000000',
        next: { granted: true, leaseId: next, amount: '0.500000000' },
      },
    });
    expect(await site.balance(project.id)).toMatchObject({
      available: '0.300000000',
      leased: '0.500000000',
      spent: '0.200000000',
    });
  });

  it('prices the tokens itself, whatever the client says they cost', async () => {
    const { body } = await acquire();
    const answer = await settle(body['leaseId'], {
      usage: [usage({ input: 1_000, cacheRead: 1_000, output: 1 }, { cost: '0.000000001' })],
    });
    // 1000 × 0.25 + 1000 × 0.025 + 1 × 2 dollars per million tokens
    expect(answer.body).toMatchObject({ booked: '0.000277000' });
  });

  it('rounds a call up once, to the next nano-dollar', async () => {
    const { body } = await acquire();
    expect(
      (await settle(body['leaseId'], { usage: [usage({ cacheRead: 1, input: 1 })] })).body,
    ).toMatchObject({ booked: '0.000000275' });
  });

  it('grants what is left, and then refuses with everything that one needs to know', async () => {
    expect((await acquire({ wanted: '0.5' })).body).toMatchObject({ amount: '0.500000000' });
    expect((await acquire({ wanted: '0.3' })).body).toMatchObject({ amount: '0.300000000' });
    expect((await acquire({ wanted: '0.5' })).body).toMatchObject({ amount: '0.200000000' });
    const refused = await acquire({ minimum: '0.012' });
    expect(refused).toMatchObject({
      status: 402,
      body: {
        error: {
          code: 'BUDGET_EXCEEDED',
          details: {
            scope: 'balance',
            scopeId: project.id,
            scopeName: project.name,
            limit: '1.000000000',
            spent: '0.000000000',
            leased: '1.000000000',
            available: '0.000000000',
            minimum: '0.012000000',
            nextResetAt: null,
          },
        },
      },
    });
    expect(refused.body['error'].message).toContain('$0.012 needed, $0.00 free');
  });

  it('refuses a minimum that is above what is free, and takes nothing', async () => {
    expect((await acquire({ wanted: '2', minimum: '1.000000001' })).status).toBe(402);
    expect((await acquire({ wanted: '2', minimum: '1' })).body).toMatchObject({
      amount: '1.000000000',
    });
  });

  it('leases more than the tranche only when a call needs it', async () => {
    expect((await acquire({ wanted: '0.9' })).body).toMatchObject({ amount: '0.500000000' });
    await site.must('POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount: '5',
    });
    expect((await acquire({ wanted: '2', minimum: '1.28' })).body).toMatchObject({
      amount: '1.280000000',
    });
  });

  it('answers a repeated id as before, refusals too, and another body under it with 409', async () => {
    const wish = { leaseId: newId(), wanted: '0.4', minimum: '0.1' };
    const [first, again] = [await acquire(wish), await acquire(wish)];
    expect(again.body).toEqual(first.body);
    expect(await acquire({ ...wish, wanted: '0.3' })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
    const refused = { leaseId: newId(), wanted: '5', minimum: '5' };
    expect((await acquire(refused)).status).toBe(402);
    await site.must('POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount: '10',
    });
    expect((await acquire(refused)).status).toBe(402);
  });

  it('applies a report once, however often it is sent at the same time', async () => {
    const { body } = await acquire();
    const report = { usage: [usage({ output: 50_000 })] };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => settle(body['leaseId'], report)),
    );
    expect(
      new Set(answers.map((answer) => JSON.stringify([answer.status, answer.body]))).size,
    ).toBe(1);
    expect(await site.balance(project.id)).toMatchObject({
      spent: '0.100000000',
      leased: '0.000000000',
      available: '0.900000000',
    });
    expect((await settle(body['leaseId'], { usage: [usage({ output: 1 })] })).status).toBe(409);
  });

  it('never grants more than there is to a crowd', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => acquire({ wanted: '0.07', minimum: '0.07' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(14);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(46);
    expect(await site.balance(project.id)).toMatchObject({
      leased: '0.980000000',
      available: '0.020000000',
    });
  });

  it('numbers reports without gaps', async () => {
    const { body } = await acquire();
    expect(await settle(body['leaseId'], { seq: 2 })).toMatchObject({
      status: 409,
      body: { error: { details: { expectedSeq: 1 } } },
    });
    expect(
      (await settle(body['leaseId'], { final: false, usage: [usage({ output: 10_000 })] })).body,
    ).toMatchObject({ state: 'PENDING', booked: '0.020000000' });
    expect((await settle(body['leaseId'], { seq: 2 })).body).toMatchObject({
      state: 'SETTLED',
      returned: '0.480000000',
    });
  });

  it('does not read all the reports of a lease to book one more, or to answer one that comes again', async () => {
    const { body } = await acquire();
    const report = (seq: number) => settle(body['leaseId'], { seq, final: false });
    expect((await report(1)).status).toBe(200);
    await query(
      site,
      `WITH many AS (UPDATE leases SET last_seq = 50000 WHERE id = $1)
       INSERT INTO settlements (organization_id, lease_id, seq, project_id, request_hash, amount_nano, budgets, answer, settled_at)
       SELECT organization_id, lease_id, g, project_id, request_hash, amount_nano, budgets, answer, settled_at
       FROM settlements, generate_series(2, 50000) g WHERE lease_id = $1`,
      [body['leaseId']],
    );
    const startedMs = performance.now();
    expect((await report(50_001)).status).toBe(200);
    expect((await report(50_001)).status).toBe(200);
    expect((await report(1)).status).toBe(200);
    // Reading them took a second for each.
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });

  it('books what comes too late or is too much in full, and lends nothing until the debt is paid', async () => {
    const { body } = await acquire();
    const over = await settle(body['leaseId'], { usage: [usage({ output: 750_000 })] });
    expect(over.body).toMatchObject({
      booked: '1.500000000',
      returned: '0.000000000',
      late: '1.000000000',
    });
    expect(await site.balance(project.id)).toMatchObject({
      available: '0.000000000',
      spent: '1.500000000',
      debt: '0.500000000',
    });
    expect((await acquire({ wanted: '0.1' })).body['error'].message).toContain('$0.50 of debt');
    await site.must('POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount: '0.75',
    });
    expect(await site.balance(project.id)).toMatchObject({
      available: '0.250000000',
      debt: '0.000000000',
    });
    expect(
      (await settle(body['leaseId'], { seq: 2, usage: [usage({ output: 50_000 })] })).body,
    ).toMatchObject({ state: 'SETTLED', late: '0.100000000' });
    expect(await site.balance(project.id)).toMatchObject({
      available: '0.150000000',
      spent: '1.600000000',
    });
  });

  it('grants nothing after a pause was acknowledged, still books reports, and goes on after resume', async () => {
    const { body } = await acquire();
    const pause = await site.must('POST', `/v1/projects/${project.id}/pause`, {
      reason: 'too eager',
    });
    expect(pause).toMatchObject({ stillLeased: '0.500000000', project: { state: 'paused' } });
    expect(await acquire()).toMatchObject({
      status: 423,
      body: { error: { code: 'PROJECT_PAUSED' } },
    });
    const settled = await settle(body['leaseId'], {
      usage: [usage({ output: 1_000 })],
      next: { leaseId: newId(), wanted: '0.5', minimum: '0' },
    });
    expect(settled).toMatchObject({
      status: 200,
      body: { booked: '0.002000000', next: { granted: false, error: { code: 'PROJECT_PAUSED' } } },
    });
    await site.must('POST', `/v1/projects/${project.id}/resume`);
    expect((await acquire()).status).toBe(201);
  });

  it('lets nobody report on a lease of another session, key or organization', async () => {
    const { body } = await acquire();
    const other = await site.session(project.key);
    expect(await settle(body['leaseId'], { sessionId: other })).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN' } },
    });
    const stranger = await site.project({ deposit: '1' });
    expect(await settle(body['leaseId'], {}, stranger.key)).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    });
    expect((await settle(newId())).status).toBe(404);
    expect((await acquire({}, stranger.key)).status).toBe(404);
  });

  it('lets a key report for a day after it was revoked, and nothing else', async () => {
    const { body } = await acquire();
    await site.must('DELETE', `/v1/keys/${project.keyId}`);
    expect(await acquire()).toMatchObject({
      status: 401,
      body: { error: { code: 'KEY_REVOKED' } },
    });
    const answer = await settle(body['leaseId'], {
      usage: [usage({ output: 1_000 })],
      next: { leaseId: newId(), wanted: '0.5', minimum: '0' },
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        booked: '0.002000000',
        returned: '0.498000000',
        next: { granted: false, error: { code: 'KEY_REVOKED' } },
      },
    });
    await query(
      site,
      `UPDATE iron_cage_keys SET revoked_at = now() - interval '25 hours' WHERE id = $1`,
      [project.keyId],
    );
    // The server may remember the key for ten seconds. Another revocation in the organization makes it look again at once.
    const { key: another } = await site.must('POST', `/v1/projects/${project.id}/keys`, {
      name: 'another',
      environment: 'live',
    });
    await site.must('DELETE', `/v1/keys/${String(another.id)}`);
    expect((await settle(body['leaseId'], { seq: 2 })).status).toBe(401);
  });

  it.each([
    [
      'an old secret after its overlap',
      'KEY_REVOKED',
      `UPDATE iron_cage_keys SET previous_hmac = hmac, previous_pepper_version = pepper_version,
         previous_until = now() - interval '1 minute', hmac = '\\x00' WHERE id = $1 RETURNING organization_id`,
    ],
    [
      'a key for another environment',
      'KEY_ENVIRONMENT',
      `UPDATE projects SET environment = 'live' WHERE id = (SELECT project_id FROM iron_cage_keys WHERE id = $1) RETURNING organization_id`,
    ],
  ])('books the report of %s, and lends it nothing', async (_who, code, change) => {
    const { body } = await acquire();
    await query(
      site,
      `WITH changed AS (${change})
       INSERT INTO access_epochs SELECT organization_id, 1, clock_timestamp() FROM changed
       ON CONFLICT (organization_id) DO UPDATE SET epoch = access_epochs.epoch + 1, changed_at = clock_timestamp()`,
      [project.keyId],
    );
    await eventually(async () => {
      expect((await acquire({ minimum: '0.5' })).body).toMatchObject({ error: { code } });
    });
    const next = newId();
    const report = () =>
      settle(body['leaseId'], {
        usage: [usage({ output: 1_000 }, { id: body['leaseId'] })],
        next: { leaseId: next, wanted: '0.5', minimum: '0' },
      });
    const answer = await report();
    expect(answer).toMatchObject({
      status: 200,
      body: { booked: '0.002000000', next: { granted: false, error: { code } } },
    });
    expect((await report()).body).toEqual(answer.body);
  });

  it('refuses a call that costs more than any does, and a minimum above what is wanted', async () => {
    const { body } = await acquire();
    const bomb = usage({}, { provider: 'nobody', model: 'nothing', cost: '999999999' });
    expect(await settle(body['leaseId'], { usage: [bomb] })).toMatchObject({
      status: 422,
      body: { error: { code: 'VALIDATION_FAILED' } },
    });
    expect((await acquire({ wanted: '0.1', minimum: '0.2' })).status).toBe(422);
    expect(await site.balance(project.id)).toMatchObject({ spent: '0.000000000' });
  });

  it('revokes a lease: the rest goes back, a report that follows is booked as late', async () => {
    const { body } = await acquire();
    expect(await site.must('POST', `/v1/leases/${body['leaseId']}/revoke`)).toMatchObject({
      state: 'REVOKED',
    });
    expect(await site.balance(project.id)).toMatchObject({
      available: '1.000000000',
      leased: '0.000000000',
    });
    expect(
      (await settle(body['leaseId'], { usage: [usage({ output: 5_000 })] })).body,
    ).toMatchObject({ state: 'REVOKED', late: '0.010000000' });
  });

  it('caps the leases that one key may hold open', async () => {
    await site.must('PATCH', `/v1/projects/${project.id}`, { policy: { maxOpenLeases: 3 } });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => acquire({ wanted: '0.01' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.find(({ status }) => status === 429)?.body).toMatchObject({
      error: { code: 'TOO_MANY_LEASES' },
    });
  });

  it.each([
    '-1',
    '1e3',
    'NaN',
    'Infinity',
    '',
    ' 1',
    '1.',
    '.5',
    '01',
    '0.0000000001',
    '99999999999',
    '1,5',
    '0x1',
    '１',
  ])('refuses %j as an amount of money and changes nothing', async (amount) => {
    expect(await acquire({ wanted: amount })).toMatchObject({
      status: 422,
      body: { error: { code: 'VALIDATION_FAILED' } },
    });
    const answer = await site.as(site.token, 'POST', `/v1/projects/${project.id}/deposits`, {
      requestId: newId(),
      amount,
    });
    expect(answer).toMatchObject({ status: 422, body: { error: { code: 'VALIDATION_FAILED' } } });
    expect(await site.balance(project.id)).toMatchObject({ deposited: '1.000000000' });
  });

  it('moves a deposit once for one request id, and refuses another body under it', async () => {
    const body = { requestId: newId(), amount: '2' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        site.as(site.token, 'POST', `/v1/projects/${project.id}/deposits`, body),
      ),
    );
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(await site.balance(project.id)).toMatchObject({ deposited: '3.000000000' });
    expect(
      (
        await site.as(site.token, 'POST', `/v1/projects/${project.id}/deposits`, {
          ...body,
          amount: '3',
        })
      ).status,
    ).toBe(409);
  });

  it('withdraws what is free and no more', async () => {
    await acquire();
    const withdraw = (amount: string) =>
      site.as(site.token, 'POST', `/v1/projects/${project.id}/withdrawals`, {
        requestId: newId(),
        amount,
      });
    expect(await withdraw('0.500000001')).toMatchObject({
      status: 409,
      body: { error: { code: 'BALANCE_TOO_LOW' } },
    });
    expect((await withdraw('0.5')).body).toMatchObject({
      deposited: '0.500000000',
      available: '0.000000000',
    });
  });

  it('shows the book with every movement', async () => {
    const { body } = await acquire();
    await settle(body['leaseId'], { usage: [usage({ output: 100_000 })] });
    const { items } = await site.must<{ items: Record<string, string>[] }>(
      'GET',
      `/v1/projects/${project.id}/ledger`,
    );
    expect(items.map(({ kind, amount, leased, spent }) => [kind, amount, leased, spent])).toEqual([
      ['RETURN', '0.300000000', '-0.300000000', '0.000000000'],
      ['SETTLE', '0.000000000', '-0.200000000', '0.200000000'],
      ['GRANT', '-0.500000000', '0.500000000', '0.000000000'],
      ['DEPOSIT', '1.000000000', '0.000000000', '0.000000000'],
    ]);
  });
});
