import {
  BudgetExceededError,
  KeyRevokedError,
  ProjectPausedError,
  VelocityExceededError,
} from '../../sdk/src/errors/catalogue.js';
import { findIronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import { BudgetLatch } from '../../sdk/src/leases/budget-latch.js';
import { errorOfNext, errorOfRefusal } from '../../sdk/src/wire/refusals.js';
import { refusal, type Json } from './fake-server.js';
import { chatRequest, nanoTotal, startRig, until, type Rig } from './rig.js';

const LEASES = 'POST /v1/sdk/leases';
const SETTLEMENTS = 'POST /v1/sdk/leases/:id/settlements';
const call = (rig: Rig): Promise<Response> =>
  rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());

describe('a project that leases too fast', () => {
  const tooFast = (seconds: number) => ({
    status: 429,
    headers: { 'retry-after': seconds.toString() },
    body: refusal('VELOCITY_EXCEEDED', {
      scope: 'project',
      scopeName: 'Research',
      perMinute: '2.100000000',
      limit: '2.000000000',
    }),
  });

  it('gets a typed error at once, is asked again only after the time, and goes on then', async () => {
    const rig = await startRig();
    rig.server.intercept = (route) => (route === LEASES ? tooFast(1) : undefined);
    const startedMs = performance.now();
    const errors = await Promise.all(
      [1, 2, 3].map(() => call(rig).catch((error: unknown) => error)),
    );
    expect(performance.now() - startedMs).toBeLessThan(900);
    for (const error of errors) {
      expect(error).toBeInstanceOf(VelocityExceededError);
      const known = findIronCageError(error);
      expect(known).toMatchObject({ code: 'VELOCITY_EXCEEDED', status: 429 });
      expect(known?.details).toMatchObject({ scope: 'project', limit: '2.000000000' });
      expect(known?.details['retryAfterSeconds']).toBeGreaterThan(0);
      expect(known?.message).toContain('"Research" spends faster than its limit of $2 a minute');
    }
    expect(rig.server.count(LEASES)).toBe(1);
    expect(rig.provider.requests).toBe(0);
    rig.server.intercept = () => undefined;
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect((await call(rig)).status).toBe(200);
    await rig.close();
    expect(rig.server.heldNano).toBe(0n);
    expect(rig.server.problems).toEqual([]);
  });

  it('is recognised inside the answer to a report as well', () => {
    const { error } = tooFast(1).body as { error: { code: string; message: string } };
    expect(errorOfNext(error)).toBeInstanceOf(VelocityExceededError);
    expect(errorOfNext(error).status).toBe(429);
    expect(errorOfNext({ code: 'KEY_INVALID', message: '' }).status).toBe(401);
  });
});

describe('a revoked key', () => {
  it('borrows nothing more, but what it has used is reported', async () => {
    const rig = await startRig({ tranche: '0.000070000' });
    await call(rig);
    // What the server does for a day: reports of a revoked key are accepted, without a next lease.
    rig.server.intercept = (route, body: Json) => {
      const borrows = route === LEASES || (route === SETTLEMENTS && body['next'] !== undefined);
      return borrows ? { status: 401, body: refusal('KEY_INVALID') } : undefined;
    };
    const ends: unknown[] = [];
    await until('the key is refused', () => {
      void call(rig).catch((error: unknown) => ends.push(error));
      return ends.some((error) => error instanceof KeyRevokedError);
    });
    await rig.cage.close();
    const { totalNano } = rig.provider.bill();
    expect(totalNano).toBeGreaterThan(0n);
    expect(nanoTotal(rig.server.records)).toBe(totalNano);
    expect(rig.server.heldNano).toBe(0n);
    expect(rig.server.problems).toEqual([]);
    await rig.close();
  });
});

describe('a refusal for want of money', () => {
  const details = {
    scope: 'project',
    scopeName: 'Research',
    window: 'day',
    limit: '5.000000000',
    available: '0.012000000',
    minimum: '0.031000000',
    nextResetAt: '2026-11-24T00:00:00.000Z',
  };
  const message = (more: Json): string =>
    errorOfRefusal(402, {
      code: 'BUDGET_EXCEEDED',
      message: '',
      details: { ...details, ...more },
    }).message;

  it.each([
    [
      'a budget of a project',
      {},
      'The call needs up to $0.031; $0.012 is available in the day\'s budget of project "Research" (limit $5); it resets on 2026-11-24 at 00:00 UTC',
    ],
    [
      'a total of a member',
      { scope: 'member', scopeName: 'Ada', window: 'total', nextResetAt: null },
      'The call needs up to $0.031; $0.012 is available in the total budget of member "Ada" (limit $5); it does not reset: ask an admin to raise it',
    ],
    [
      'a key, without a window',
      { scope: 'key', scopeName: 'ci', window: undefined },
      'The call needs up to $0.031; $0.012 is available in the budget of key "ci" (limit $5); it resets on 2026-11-24 at 00:00 UTC',
    ],
    [
      'the balance',
      { scope: 'balance', window: undefined, nextResetAt: null },
      'The call needs up to $0.031; $0.012 is available in the balance of project "Research" (limit $5); it does not reset: ask an admin for a deposit',
    ],
    [
      'nobody knows what',
      { scope: undefined, scopeName: undefined, available: 7, limit: 'x', nextResetAt: null },
      'The call needs up to $0.031; too little is available; ask for more budget or deposit money',
    ],
  ])('names its scope and reset: %s', (_name, more, expected) => {
    expect(message(more)).toBe(expected);
  });

  it('says so for another call as well that is refused without asking', () => {
    const latch = new BudgetLatch();
    latch.set(new BudgetExceededError('first', { details }), 31_000_000n, 0);
    expect(() => {
      latch.check(50_000_000n, 1);
    }).toThrow(
      /needs up to \$0\.05; .* day's budget of project "Research" .* resets on 2026-11-24/,
    );
  });

  it('of an archived project says that', () => {
    const error = errorOfRefusal(409, { code: 'PROJECT_ARCHIVED', message: '' });
    expect(error).toBeInstanceOf(ProjectPausedError);
    expect(error.message).toContain('archived');
  });
});
