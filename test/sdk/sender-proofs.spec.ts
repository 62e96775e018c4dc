import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { ProofRefusedError } from '../../sdk/src/errors/catalogue.js';
import { systemClock } from '../../sdk/src/identity/clock.js';
import { JournalFile } from '../../sdk/src/leases/journal-file.js';
import { SenderProofs } from '../../sdk/src/wire/sender-proofs.js';
import { Transport } from '../../sdk/src/wire/transport.js';
import { UnreachableError } from '../../sdk/src/wire/unreachable.js';
import { refusal } from './fake-server.js';
import { chatRequest, type Rig, startRig, until } from './rig.js';

const call = (rig: Rig) => rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());

describe('an agent proves that its requests come from its session', () => {
  it('with everything that it sends but the start', async () => {
    const rig = await startRig({ reportIntervalSeconds: 1, heartbeatSeconds: 1 });
    await call(rig);
    await until('a heartbeat', () => rig.server.count('POST /v1/sdk/sessions/:id/heartbeat') > 0);
    await rig.close();
    expect(rig.server.proven).toBe(rig.server.sessions[0]);
    expect(rig.server.count('DELETE /v1/sdk/sessions/:id')).toBe(1);
    expect(rig.server.records).toHaveLength(1);
    expect(rig.server.problems).toEqual([]);
  });

  it('behind a prefix signs what the server will see', () => {
    const clock = { ...systemClock, monotonicMs: () => 7 };
    const signedBy = (base: string) => {
      const transport = new Transport(new URL(base), () => 'k', clock);
      const key = Buffer.alloc(32, 1).toString('base64url');
      transport.proofs.add('s', { keyVersion: 1, key, time: 9 });
      return transport.prepare('POST', 'v1/sdk/leases', { a: 1 }, 's').headers['iron-cage-proof'];
    };
    expect(signedBy('https://cage.test/')).toMatch(/^1\.s\.1\.9\.[\w-]{43}$/);
    expect(signedBy('https://cage.test/iron/cage/')).toBe(signedBy('https://cage.test/'));
  });

  it('works with a server that knows no proofs', async () => {
    const rig = await startRig({ proofs: false });
    expect((await call(rig)).status).toBe(200);
    await rig.close();
    expect(rig.server.records).toHaveLength(1);
  });

  it('goes on when the clock of this machine, or of the server, jumps', async () => {
    const rig = await startRig();
    rig.server.clockAheadMs = 3_600_000;
    expect((await call(rig)).status).toBe(200);
    rig.server.clockAheadMs = -3_600_000;
    await rig.close();
    expect(rig.server.openLeases).toEqual([]);
    expect(rig.server.records).toHaveLength(1);
  });

  it('starts another session when its key counts no more, and loses no usage', async () => {
    const rig = await startRig({ reportIntervalSeconds: 1, tranche: '0.001' });
    await call(rig);
    rig.server.proofKeys.clear();
    await until('another session', () => {
      void call(rig).catch(() => undefined);
      return rig.server.sessions.length > 1;
    });
    await until('the reports of the first', () => rig.server.settlements.length > 0);
    await rig.close();
    expect(rig.server.openLeases).toEqual([]);
    expect(rig.server.spentNano).toBe(rig.provider.bill().totalNano);
    expect(rig.server.problems).toEqual([]);
  });

  it('says that something between alters requests, and does not start sessions over and over', async () => {
    const rig = await startRig({ cage: { leaseWaitMs: 300 } });
    rig.server.intercept = (route) =>
      route === 'POST /v1/sdk/sessions'
        ? undefined
        : { status: 401, body: refusal('PROOF_INVALID') };
    await expect(call(rig)).rejects.toThrow();
    await expect(call(rig)).rejects.toThrow();
    expect(rig.server.sessions).toHaveLength(1);
    rig.server.intercept = () => undefined;
    await rig.close();
  });

  it('waits to report for a crashed process until the server takes that', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iron-cage-journal-'));
    const rig = await startRig({ cage: { journalDir: folder } });
    const sessionId = rig.server.sessions[0] ?? '';
    await rig.cage.close();
    const head = { server: `${rig.server.url}/`, keyId: rig.key.split('_')[2] ?? '' };
    const lease = '01900000-0000-7000-8000-000000000001';
    rig.server.leases.set(lease, {
      id: lease,
      sessionId,
      amountNano: 5n,
      usedNano: 0n,
      seq: 0,
      state: 'PENDING',
    });
    new JournalFile(folder, head).append({ t: 'lease', lease, session: sessionId });
    let refused = 0;
    rig.server.intercept = (route) => {
      if (route !== 'POST /v1/sdk/leases/:id/settlements' || refused > 0) return undefined;
      refused += 1;
      const headers = { 'retry-after': '1' };
      return { status: 403, body: refusal('PROOF_OF_OTHER_SESSION'), headers };
    };
    const second = await startRig({
      cage: { journalDir: folder, url: rig.server.url, key: rig.key },
    });
    await until('the first try', () => refused === 1);
    expect(readdirSync(folder).some((name) => name.includes('.journal'))).toBe(true);
    await until('the report', () => rig.server.leases.get(lease)?.state === 'SETTLED');
    expect(rig.server.proven).toBe(rig.server.sessions.at(-1));
    await second.close();
    await rig.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('the keys of proofs', () => {
  const key = Buffer.alloc(32, 7).toString('base64url');
  const request = { method: 'POST', path: '/v1/x', body: undefined, bearer: 'k' };
  const proofsOf = (...ids: string[]): SenderProofs => {
    const proofs = new SenderProofs(systemClock);
    for (const id of ids) proofs.add(id, { keyVersion: 1, key, time: 1 });
    return proofs;
  };

  it('show nowhere', () => {
    const proofs = proofsOf('a');
    const shown = inspect(proofs, { depth: 9, showHidden: true }) + JSON.stringify(proofs);
    expect(shown).not.toContain(key);
    expect(shown).not.toContain(Buffer.from(key, 'base64url').toString('hex').slice(0, 16));
  });

  it('sign for the session that it is about, else for the newest; none is left after the wipe', () => {
    const proofs = proofsOf('a', 'b');
    expect(proofs.sign(request, 'a')?.sessionId).toBe('a');
    expect(proofs.sign(request, 'crashed')?.sessionId).toBe('b');
    expect(proofs.sign(request, undefined)?.sessionId).toBe('b');
    proofs.drop('a');
    expect(proofs.sign(request, 'a')?.sessionId).toBe('b');
    proofs.wipe();
    expect(proofs.sign(request, 'b')).toBeUndefined();
  });

  it('are given up when the server took them once and does not any more', () => {
    const proofs = proofsOf('a');
    const signature = proofs.sign(request, 'a');
    const told = { code: 'PROOF_INVALID', message: 'no' };
    expect(proofs.judge(told, signature, undefined)).toBeInstanceOf(UnreachableError);
    proofs.confirm(signature);
    expect(proofs.judge(told, signature, undefined)).toBeInstanceOf(ProofRefusedError);
    expect(proofs.sign(request, 'a')).toBeUndefined();
    expect(
      proofs.judge({ code: 'PROOF_REQUIRED', message: '' }, undefined, undefined),
    ).toBeInstanceOf(ProofRefusedError);
    expect(proofs.judge({ code: 'FORBIDDEN', message: '' }, signature, undefined)).toBeUndefined();
    expect(proofs.judge(undefined, signature, undefined)).toBeUndefined();
  });
});
