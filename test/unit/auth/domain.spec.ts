import { createSecretKey, randomBytes } from 'node:crypto';
import { BoundedQueue } from '../../../src/auth/domain/bounded-queue.js';
import { clientNetwork } from '../../../src/kernel/client-network.js';
import { hashKey, keyMatches } from '../../../src/auth/domain/key-hash.js';
import { type Found, RecentPrincipals } from '../../../src/auth/domain/recent-principals.js';
import { AppError } from '../../../src/kernel/errors.js';
import { generateKey } from '../../../src/kernel/iron-cage-key.js';
import { AGENT_PERMISSIONS } from '../../../src/kernel/permissions.js';
import type { AgentPrincipal } from '../../../src/kernel/principal.js';

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

describe('recent principals', () => {
  const agent = (organizationId: string): AgentPrincipal => ({
    kind: 'agent',
    organizationId,
    projectId: 'p',
    keyId: 'k',
    environment: 'live',
    models: [],
    requestsPerMinute: null,
    senderBinding: 'off',
    retired: undefined,
    permissions: AGENT_PERMISSIONS,
  });
  let nowMs: number;
  let lookups: number;
  let recent: RecentPrincipals<AgentPrincipal>;
  beforeEach(() => {
    nowMs = 0;
    lookups = 0;
    const limits = { lifetimeMs: 2_000, capacity: 2 };
    recent = new RecentPrincipals<AgentPrincipal>(limits, { now: () => nowMs });
  });
  const look = (organizationId = 'a', leftMs = 1e9) =>
    recent.resolve(`credential of ${organizationId}`, () => {
      lookups++;
      return Promise.resolve({ principal: agent(organizationId), leftMs });
    });

  it('are believed for their time and no longer', async () => {
    await look();
    nowMs = 1_999;
    await look();
    expect(lookups).toBe(1);
    nowMs = 2_000;
    await look();
    expect(lookups).toBe(2);
  });

  it('are never believed beyond their own expiry', async () => {
    await look('a', 500);
    nowMs = 500;
    await look('a', 500);
    expect(lookups).toBe(2);
  });

  it('are remembered for when nobody can be asked: for that time, not beyond their end, nor after a change', async () => {
    const last = () => recent.lastFound('credential of a', 60_000)?.organizationId;
    expect(last()).toBeUndefined();
    await look('a', 90_000);
    nowMs = 59_999;
    expect(recent.peek('credential of a')).toBeUndefined();
    expect(last()).toBe('a');
    nowMs = 60_000;
    expect(last()).toBeUndefined();
    await look('a', 20_000);
    nowMs += 20_000;
    expect(last()).toBeUndefined();
    await look('a', 20_000);
    expect(last()).toBe('a');
    recent.forget('a');
    expect(last()).toBeUndefined();
    await look('a', 20_000);
    recent.drop('credential of a');
    expect(last()).toBeUndefined();
  });

  it('are forgotten on a change of their organization, and only of theirs', async () => {
    await look('a');
    await look('b');
    recent.forget('a');
    await look('b');
    expect(lookups).toBe(2);
    await look('a');
    expect(lookups).toBe(3);
  });

  it('found by a lookup that began before a change are not kept after it, nor shared', async () => {
    const slow = deferred<Found<AgentPrincipal> | undefined>();
    const before = recent.resolve('credential of a', () => slow.promise);
    recent.forget('a');
    await look('a');
    expect(lookups).toBe(1);
    slow.resolve({ principal: agent('a'), leftMs: 1e9 });
    await before;
    recent.forget('a');
    await look('a');
    expect(lookups).toBe(2);
  });

  it('share one lookup, whether it succeeds or fails', async () => {
    await Promise.all([look(), look(), look()]);
    expect(lookups).toBe(1);
    const fail = () => recent.resolve('x', () => Promise.reject(new Error('down')));
    await expect(Promise.all([fail(), fail()])).rejects.toThrow('down');
    await expect(recent.resolve('x', () => Promise.resolve(undefined))).resolves.toBeUndefined();
  });

  it('that were refused are asked for again each time', async () => {
    const refuse = () => {
      lookups++;
      return Promise.resolve(undefined);
    };
    await recent.resolve('x', refuse);
    await recent.resolve('x', refuse);
    expect(lookups).toBe(2);
  });

  it('stay few: the oldest goes first', async () => {
    for (const organization of ['a', 'b', 'c']) await look(organization);
    await look('c');
    await look('b');
    expect(lookups).toBe(3);
    await look('a');
    expect(lookups).toBe(4);
  });
});

describe('the queue for slow work', () => {
  it('lets two run, three wait, refuses the next, and recovers', async () => {
    const queue = new BoundedQueue({ running: 2, waiting: 3 });
    let running = 0;
    let most = 0;
    const gates = Array.from({ length: 5 }, () => deferred<undefined>());
    const work = gates.map(({ promise }) =>
      queue.run(async () => {
        most = Math.max(most, ++running);
        await promise;
        running--;
      }),
    );
    await expect(queue.run(() => Promise.resolve())).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: 3,
    });
    for (const { resolve } of gates) resolve(undefined);
    await Promise.all(work);
    expect(most).toBe(2);
    await expect(queue.run(() => Promise.resolve('again'))).resolves.toBe('again');
  });

  it('gives the place on when work fails', async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const failing = queue.run(() => Promise.reject(new Error('broken')));
    const next = queue.run(() => Promise.resolve('ran'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('ran');
  });

  it('refuses with an error of the catalogue', async () => {
    const queue = new BoundedQueue({ running: 0, waiting: 0 });
    await expect(queue.run(() => Promise.resolve())).rejects.toBeInstanceOf(AppError);
  });
});

describe('stored keys', () => {
  const pepper = { version: 1, key: createSecretKey(randomBytes(32)) };
  const { key } = generateKey('live');

  it('match their key under their pepper only', () => {
    const stored = hashKey(pepper, key);
    expect(keyMatches(pepper, key, stored)).toBe(true);
    expect(keyMatches(pepper, generateKey('live').key, stored)).toBe(false);
    expect(keyMatches({ ...pepper, key: createSecretKey(randomBytes(32)) }, key, stored)).toBe(
      false,
    );
    expect(keyMatches({ ...pepper, version: 2 }, key, stored)).toBe(false);
    expect(keyMatches(pepper, key, undefined)).toBe(false);
    expect(keyMatches(pepper, key, { ...stored, hmac: stored.hmac.subarray(1) })).toBe(false);
    expect(keyMatches(pepper, key, { ...stored, hmac: Buffer.alloc(0) })).toBe(false);
  });
});

describe('the network of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['nonsense', 'nonsense'],
  ])('of %s is %s', (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });
});
