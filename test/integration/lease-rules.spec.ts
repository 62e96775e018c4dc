import type { Acquire, Settle, UsageLine } from '../../src/billing/domain/commands.js';
import { MOST_PER_ACCOUNT } from '../../src/billing/domain/state.js';
import { newId } from '../../src/kernel/ids.js';
import { type Holder, LedgerSite } from '../harness/ledger-site.js';

describe('what a lease may and may not', () => {
  let site: LedgerSite;
  let holder: Holder;
  beforeAll(async () => {
    site = await LedgerSite.open();
  });
  afterAll(() => site.close());
  beforeEach(async () => {
    holder = await site.project({ maxOpenLeases: 1 });
    await deposit(10_000n);
  });
  afterEach(async () => {
    expect((await site.check.run(site.organizationId)).findings).toEqual([]);
  });

  const hash = Buffer.alloc(32);
  const submit = <C extends Parameters<LedgerSite['ledger']['submit']>[1]>(command: C) =>
    site.ledger.submit(site.organizationId, command);
  const deposit = (amount: bigint) =>
    submit({
      kind: 'transfer',
      direction: 'deposit',
      projectId: holder.projectId,
      requestId: newId(),
      requestHash: hash,
      amount,
      actor: 'test',
      reason: null,
    });
  const acquire = (fields: Partial<Acquire> = {}) => {
    const wish = { leaseId: newId(), wanted: 1_000n, minimum: 1n, requestHash: hash };
    return submit({ kind: 'acquire', ...holder, ...wish, ...fields });
  };
  const lend = async (fields: Partial<Acquire> = {}) => {
    const outcome = await acquire(fields);
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    return outcome.value;
  };
  const settle = (leaseId: string, fields: Partial<Settle> = {}) =>
    submit({
      kind: 'settle',
      ...holder,
      leaseId,
      seq: 1,
      usage: [],
      final: true,
      requestHash: hash,
      ...fields,
    });
  const line = (cost: bigint): UsageLine => {
    const none = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0 };
    return {
      id: newId(),
      provider: 'openai',
      model: 'gpt-5-mini',
      outcome: 'completed',
      estimated: false,
      tokens: { ...none, audioInput: 0, audioOutput: 0 },
      cost,
      clientCost: cost,
      pricesVersion: 'test',
      pricedBy: 'table',
      tags: [],
      durationMs: 1,
    };
  };
  const alertsOf = (of: string): Promise<{ threshold: number }[]> =>
    site.dataSource.query(
      `SELECT (payload->>'threshold')::int AS threshold FROM outbox_events
       WHERE payload->>'scope' = 'balance' AND payload->>'of' = $1 AND payload->>'scopeId' = $2 ORDER BY id`,
      [of, holder.projectId],
    );

  it('another key may not report on it, not even with the session of its holder', async () => {
    const { leaseId } = await lend();
    const other = { keyId: (await site.project()).keyId, usage: [line(5n)] };
    expect(await settle(leaseId, other)).toMatchObject({
      ok: false,
      refusal: { code: 'NOT_FOUND' },
    });
  });

  it('another session does not get it by its id', async () => {
    const { leaseId } = await lend();
    const sessionId = newId();
    await site.dataSource.query(
      `INSERT INTO sessions (organization_id, id, project_id, key_id, ip, agent) VALUES ($1, $2, $3, $4, '127.0.0.1', '{}')`,
      [site.organizationId, sessionId, holder.projectId, holder.keyId],
    );
    expect(await acquire({ leaseId, sessionId })).toMatchObject({
      ok: false,
      refusal: { code: 'CONFLICT' },
    });
  });

  it('a key that holds as many as it may exchanges one for the next', async () => {
    const { leaseId } = await lend();
    expect(await acquire()).toMatchObject({ ok: false, refusal: { code: 'TOO_MANY_LEASES' } });
    const next = { leaseId: newId(), wanted: 1_000n, minimum: 1n };
    expect(await settle(leaseId, { next })).toMatchObject({
      ok: true,
      value: { next: { granted: true } },
    });
  });

  it.each(['blocked_at', 'expires_at'])(
    'a key with %s in the past borrows nothing',
    async (name) => {
      await site.dataSource.query(
        `UPDATE iron_cage_keys SET ${name} = now() - interval '1 second' WHERE id = $1`,
        [holder.keyId],
      );
      expect(await acquire()).toMatchObject({ ok: false, refusal: { code: 'KEY_INVALID' } });
    },
  );

  it('is told the first of the resets of its budgets, in whatever order they were made', async () => {
    const scope = { scope: 'project', scopeId: holder.projectId, limit: 5_000n };
    for (const window of ['total', 'month', 'day', 'week', 'total'])
      await site.budget({ ...scope, window });
    const { nextResetAt } = await lend();
    const [midnight] = await site.dataSource.query<{ at: Date }[]>(
      `SELECT (date_trunc('day', granted_at, 'UTC') + interval '1 day') AS at FROM leases WHERE project_id = $1`,
      [holder.projectId],
    );
    expect(nextResetAt).toEqual(midnight?.at);
  });

  it('is revoked once, and the audit trail says by whom', async () => {
    const { leaseId } = await lend();
    const revoke = {
      kind: 'revoke',
      projectId: holder.projectId,
      leaseId,
      actor: 'user:1',
    } as const;
    for (const command of [revoke, { ...revoke, actor: 'user:2' }])
      expect(await submit(command)).toMatchObject({ ok: true, value: { state: 'REVOKED' } });
    expect(
      await site.dataSource.query(`SELECT actor, action FROM audit_events WHERE target = $1`, [
        `lease:${leaseId}`,
      ]),
    ).toEqual([{ actor: 'user:1', action: 'lease.revoke' }]);
  });

  it('is held for the whole grace time of its project', async () => {
    const { leaseId } = await lend();
    await site.age(holder.projectId, 301);
    expect(await submit({ kind: 'expire', ...holder, leaseId })).toMatchObject({
      value: { state: 'EXPIRED_HOLD' },
    });
    const rows = await site.dataSource.query(
      `SELECT extract(epoch FROM hold_until - expires_at)::int AS seconds FROM leases WHERE id = $1`,
      [leaseId],
    );
    expect(rows).toEqual([{ seconds: 60 }]);
  });

  it('a deposit makes room for thresholds to be reached and told again', async () => {
    const { leaseId } = await lend({ wanted: 6_000n });
    await settle(leaseId, { usage: [line(6_000n)] });
    expect(await alertsOf('spent')).toEqual([{ threshold: 50 }]);
    await deposit(10_000n);
    const next = await lend({ wanted: 5_000n });
    await settle(next.leaseId, { usage: [line(5_000n)] });
    expect(await alertsOf('spent')).toEqual([{ threshold: 50 }, { threshold: 50 }]);
  });

  describe('near the end of what an account holds', () => {
    const spent = (amount: bigint) =>
      site.dataSource.query(
        `UPDATE accounts SET settled_nano = $2, overdraft_nano = 0, deposited_nano = $3 WHERE project_id = $1`,
        [holder.projectId, amount, amount + 10_000n],
      );
    afterEach(() => spent(0n).then(() => undefined));

    it('nothing is lent beyond it', async () => {
      await spent(MOST_PER_ACCOUNT - 500n);
      expect(await acquire({ minimum: 501n })).toMatchObject({
        ok: false,
        refusal: { code: 'CONFLICT', message: expect.stringContaining('holds more than') },
      });
    });

    it('a report beyond twice of it is refused whole', async () => {
      const { leaseId } = await lend();
      await spent(2n * MOST_PER_ACCOUNT - 1_000n);
      const usage = [line(1_001n)];
      expect(await settle(leaseId, { usage })).toMatchObject({
        ok: false,
        refusal: { code: 'CONFLICT', message: expect.stringContaining('Nothing was booked') },
      });
      await spent(0n);
      expect(await settle(leaseId)).toMatchObject({ ok: true });
    });
  });
});
