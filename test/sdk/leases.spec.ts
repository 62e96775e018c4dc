import { readdirSync } from 'node:fs';

import {
  BudgetExceededError,
  ClosedError,
  KeyRevokedError,
  LeaseUnavailableError,
  ProjectPausedError,
} from '../../sdk/src/errors/catalogue.js';
import { nano, refusal } from './fake-server.js';
import { chatRequest, nanoTotal, startRig, until, type Rig, type RigOptions } from './rig.js';

const LEASE = 'POST /v1/sdk/leases';
const SETTLE = 'POST /v1/sdk/leases/:id/settlements';

describe('leases', () => {
  let rig: Rig;
  const start = async (options: RigOptions = {}): Promise<void> => {
    rig = await startRig(options);
  };
  const call = (body = {}): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest(body));
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('are borrowed once and drawn from without asking again', async () => {
    await start();
    for (let round = 0; round < 20; round += 1) await call();
    expect(rig.server.count(LEASE)).toBe(1);
    expect(rig.server.count(SETTLE)).toBe(0);
    expect(rig.cage.budget().leases.count).toBe(1);
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    expect(rig.server.heldNano).toBe(0n);
  });

  it('never let parallel calls hold more than was granted', async () => {
    await start({ balanceUsd: 0.001, tranche: '0.000200000' });
    let held = 0n;
    let most = 0n;
    rig.provider.setScript(async () => {
      held = nano(rig.cage.budget().leases.heldUsd);
      most = held > most ? held : most;
      expect(held).toBeLessThanOrEqual(rig.server.heldNano);
      await Promise.resolve();
      return { text: 'ok' };
    });
    // 30 worst cases are more than the budget, 30 real costs are not: nothing is refused falsely.
    const results = await Promise.all(Array.from({ length: 30 }, () => call()));
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    expect(most).toBeLessThanOrEqual(1_000_000n);
  });

  it('refuse what really does not fit, beside calls that do', async () => {
    await start({ balanceUsd: 0.001, tranche: '0.000200000', cage: { clampOutput: false } });
    rig.provider.setScript(() => ({ text: 'x', outputTokens: 100 }));
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => call()));
    const done = results.filter(({ status }) => status === 'fulfilled').length;
    expect(done).toBeGreaterThan(8);
    expect(done).toBeLessThan(30);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BudgetExceededError);
    }
    expect(rig.provider.requests).toBe(done);
    expect(rig.provider.bill().totalNano).toBeLessThanOrEqual(1_000_000n);
    // What is left does not pay for one more call.
    await rig.cage.close();
    expect(1_000_000n - rig.server.spentNano).toBeLessThan(100_000n);
  });

  it('are reported and renewed in one exchange when the interval is over', async () => {
    await start({ reportIntervalSeconds: 0.2 });
    await call();
    await until('the first report', () => rig.server.settlements.length > 0);
    const [first] = rig.server.settlements;
    expect(first?.body).toMatchObject({ seq: 1, final: true, next: { wanted: '0.500000000' } });
    expect(rig.server.count(LEASE)).toBe(1);
    await until('the new lease', () => rig.cage.budget().leases.count === 1);
    expect(rig.server.openLeases).toHaveLength(1);
    await call();
    expect(rig.server.count(LEASE)).toBe(1);
  });

  it('are reported without ending while a call is in flight', async () => {
    await start({ reportIntervalSeconds: 0.1 });
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    rig.provider.setScript(async ({ number }) => {
      if (number === 2) await waiting;
      return { text: 'ok' };
    });
    await call();
    const slow = call();
    await until('a report', () => rig.server.settlements.length > 0);
    expect(rig.server.settlements[0]?.body).toMatchObject({ final: false });
    release();
    await slow;
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('a standby lease is fetched when half is used', async () => {
    await start({ tranche: '0.000100000' });
    rig.provider.setScript(() => ({ text: 'x', outputTokens: 95 }));
    await call();
    await until('the standby lease', () => rig.server.count(LEASE) === 2);
    await call();
    expect(rig.provider.requests).toBe(2);
  });

  it('clamp the output to what is affordable, and say so', async () => {
    await start({ balanceUsd: 0.001 });
    const clamped: number[] = [];
    rig.cage.on('clamped', ({ outputTokens }) => clamped.push(outputTokens));
    await call({ max_tokens: 16_000 });
    const sent = rig.provider.bill().records[0]?.body['max_tokens'];
    expect(clamped).toEqual([sent]);
    expect(Number(sent)).toBeGreaterThan(1_000);
    expect(Number(sent)).toBeLessThan(1_667); // 0.001 $ / 0.6 µ$
  });

  it('refuse instead of clamping when that is wanted, and say what is missing', async () => {
    await start({ balanceUsd: 0.001, cage: { clampOutput: false } });
    const refused = call({ max_tokens: 16_000 });
    await expect(refused).rejects.toThrow(/needs up to \$0\.0096.*\$0\.001 is available/);
    expect(rig.provider.requests).toBe(0);
  });

  it('a refusal is remembered: a looping agent does not hammer the server', async () => {
    await start({ balanceUsd: 0 });
    for (let round = 0; round < 50; round += 1) {
      await expect(call()).rejects.toBeInstanceOf(BudgetExceededError);
    }
    expect(rig.server.count(LEASE)).toBeLessThanOrEqual(2);
    rig.server.balanceNano = 1_000_000_000n;
    rig.server.push();
    await until('the new balance', () => rig.cage.budget().project.availableUsd === '1.000000000');
    expect((await call()).status).toBe(200);
  });

  it('an answer that was lost is asked for again with the same id', async () => {
    await start();
    let lost = 0;
    rig.server.intercept = (route) =>
      route === LEASE && lost++ === 0 ? { status: 0, drop: 'after' } : undefined;
    expect((await call()).status).toBe(200);
    expect(rig.server.count(LEASE)).toBe(2);
    expect(rig.server.leases.size).toBe(1);
  });

  it('a report that was lost is repeated as it was, and booked once', async () => {
    await start({ reportIntervalSeconds: 0.1 });
    let lost = 0;
    rig.server.intercept = (route) =>
      route === SETTLE && lost++ < 2 ? { status: 0, drop: 'after' } : undefined;
    await call();
    await until('the third attempt', () => rig.server.count(SETTLE) >= 3);
    rig.server.intercept = () => undefined;
    await rig.cage.close();
    expect(nanoTotal(rig.server.records)).toBe(rig.provider.bill().totalNano);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('a report that was booked before a 503 is repeated as it was, though more was used since', async () => {
    await start({ reportIntervalSeconds: 0.1 });
    let lost = 0;
    rig.server.intercept = (route) =>
      route === SETTLE && lost++ < 2
        ? { status: 503, body: refusal('UNAVAILABLE'), drop: 'after' }
        : undefined;
    for (const attempts of [1, 2, 3]) {
      await call();
      await until('another attempt', () => rig.server.count(SETTLE) >= attempts);
    }
    await rig.cage.close();
    expect(rig.server.problems).toEqual([]);
    expect(nanoTotal(rig.server.records)).toBe(rig.provider.bill().totalNano);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });

  it('a report that the server refuses for good is told once, and not repeated', async () => {
    await start({ reportIntervalSeconds: 0.1 });
    rig.server.intercept = (route) =>
      route === SETTLE ? { status: 409, body: refusal('CONFLICT') } : undefined;
    const warnings: string[] = [];
    rig.cage.on('warning', ({ code }) => warnings.push(code));
    await call();
    await until('the refusal', () => warnings.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(warnings).toEqual(['REPORT_REFUSED']);
    expect(rig.server.count(SETTLE)).toBe(1);
    rig.server.intercept = () => undefined;
    expect((await call()).status).toBe(200);
  });

  it('go on when the server is away, and deny when they are empty', async () => {
    await start({ tranche: '0.000200000', cage: { leaseWaitMs: 300 } });
    await call();
    rig.server.intercept = () => ({ status: 0, drop: 'before' });
    await call();
    rig.provider.setScript(() => ({ text: 'x', outputTokens: 100 }));
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => call()));
    const reasons = results.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).toBeInstanceOf(LeaseUnavailableError);
    rig.server.intercept = () => undefined;
    expect((await call()).status).toBe(200);
  });

  it('may not be drawn from after their time', async () => {
    await start({ leaseTtlSeconds: 0.2, cage: { leaseWaitMs: 100 } });
    await call();
    rig.server.intercept = () => ({ status: 503, body: refusal('UNAVAILABLE') });
    await new Promise((resolve) => setTimeout(resolve, 250));
    await expect(call()).rejects.toBeInstanceOf(LeaseUnavailableError);
    rig.server.intercept = () => undefined;
  });

  it('that are on their way when the program ends are given back with the others', async () => {
    await start({ tranche: '0.000100000' });
    rig.provider.setScript(() => ({ text: 'x', outputTokens: 95 }));
    // Takes more than half of the lease: the next one is being fetched in the background.
    await call();
    await rig.cage.close();
    expect(rig.server.count(LEASE)).toBe(2);
    expect(rig.server.heldNano).toBe(0n);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    expect(readdirSync(rig.journalDir)).toEqual([]);
  });

  it('leave no journal behind after a clean end', async () => {
    await start();
    await call();
    expect(readdirSync(rig.journalDir)).toHaveLength(1);
    await rig.cage.close();
    await rig.cage.close();
    expect(readdirSync(rig.journalDir)).toEqual([]);
    expect(rig.server.count('DELETE /v1/sdk/sessions/:id')).toBe(1);
    await expect(call()).rejects.toBeInstanceOf(ClosedError);
  });
});

describe('the kill switch', () => {
  let rig: Rig;
  const call = (): Promise<Response> =>
    rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('pause stops the next call, lets the one in flight end, and returns the money', async () => {
    rig = await startRig();
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    rig.provider.setScript(async () => {
      await waiting;
      return { text: 'done' };
    });
    const inFlight = call();
    await until('the call has left', () => rig.provider.requests === 1);
    rig.server.project = 'paused';
    rig.server.push();
    await until('the pause has arrived', () => rig.cage.budget().state === 'paused');
    await expect(call()).rejects.toBeInstanceOf(ProjectPausedError);
    release();
    expect((await inFlight).status).toBe(200);
    await until('the money is back', () => rig.server.heldNano === 0n);
    expect(rig.provider.requests).toBe(1);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    rig.server.project = 'active';
    rig.server.push();
    await until('the resume has arrived', () => rig.cage.budget().state === 'active');
    expect((await call()).status).toBe(200);
  });

  it('works by heartbeat when the stream of events is cut', async () => {
    rig = await startRig({ heartbeatSeconds: 0.05 });
    rig.server.intercept = (route) =>
      route.startsWith('GET') ? { status: 503, body: refusal('UNAVAILABLE') } : undefined;
    rig.server.dropStreams();
    rig.server.keyState = 'revoked';
    await until('the revocation has arrived', () => rig.cage.budget().state === 'revoked');
    await expect(call()).rejects.toBeInstanceOf(KeyRevokedError);
    expect(rig.provider.requests).toBe(0);
    rig.server.keyState = 'active';
  });

  it('latches when a lease is refused because of a pause', async () => {
    rig = await startRig();
    rig.server.project = 'paused';
    await expect(call()).rejects.toBeInstanceOf(ProjectPausedError);
    await expect(call()).rejects.toBeInstanceOf(ProjectPausedError);
    expect(rig.server.count(LEASE)).toBe(1);
  });

  it('a session that was ended is replaced by a new one', async () => {
    rig = await startRig();
    await call();
    rig.server.endedSessions.add(rig.server.sessions[0] ?? '');
    rig.server.push();
    await until('the new session', () => rig.server.sessions.length === 2);
    await until('it runs again', () => rig.cage.budget().state === 'active');
    expect((await call()).status).toBe(200);
    await rig.cage.close();
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
  });
});
