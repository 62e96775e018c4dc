import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { ServerError } from '../../sdk/src/errors/catalogue.js';
import { JournalFile } from '../../sdk/src/leases/journal-file.js';
import { replayJournals } from '../../sdk/src/leases/journal-replay.js';
import type { LeaseServer } from '../../sdk/src/leases/lease-server.js';
import { tokenUsage } from '../../sdk/src/prices/usage.js';
import type { WireSettlement, WireUsageRecord } from '../../sdk/src/wire/protocol.js';
import { UnreachableError } from '../../sdk/src/wire/unreachable.js';

const head = { server: 'https://cage.example.com/', keyId: 'AbCd1234' };

function record(id: string, estimated = false): WireUsageRecord {
  return {
    id,
    provider: 'openai',
    model: 'm',
    outcome: estimated ? 'aborted' : 'completed',
    estimated,
    tokens: tokenUsage({ input: 1 }),
    cost: '0.000000001',
    pricesVersion: 'v',
    durationMs: 1,
  };
}

/** Remembers reports; answers as told. */
class RecordingServer implements LeaseServer {
  readonly settled: { leaseId: string; body: WireSettlement }[] = [];
  failure: Error | undefined;

  acquire(): never {
    throw new Error('a replay borrows nothing');
  }

  settle(leaseId: string, body: WireSettlement) {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.settled.push({ leaseId, body });
    return Promise.resolve({ leaseId, seq: body.seq, state: 'SETTLED' });
  }
}

describe('the journal', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'iron-cage-journal-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const replay = (server: LeaseServer, own?: string): Promise<number> =>
    replayJournals(server, { folder, ...head, wallMs: Date.now(), ownPath: own }).then(
      ({ settled }) => settled,
    );
  const crashed = (write: (journal: JournalFile) => void): JournalFile => {
    const journal = new JournalFile(folder, head);
    write(journal);
    return journal; // never closed
  };

  it('repeats a report that may have been sent, word for word, then tells the rest', async () => {
    const body: WireSettlement = {
      sessionId: 's1',
      seq: 2,
      usage: [record('u1')],
      final: false,
    };
    crashed((journal) => {
      journal.append({ t: 'lease', lease: 'l1', session: 's1' });
      journal.append({ t: 'ack', lease: 'l1', seq: 1 });
      journal.append({ t: 'hold', lease: 'l1', usage: record('u1', true) });
      journal.append({ t: 'usage', lease: 'l1', usage: record('u1') });
      journal.append({ t: 'hold', lease: 'l1', usage: record('u2', true) });
      journal.append({ t: 'plan', lease: 'l1', body });
    });
    const server = new RecordingServer();
    expect(await replay(server)).toBe(1);
    expect(server.settled).toEqual([
      { leaseId: 'l1', body },
      {
        leaseId: 'l1',
        body: { sessionId: 's1', seq: 3, usage: [record('u2', true)], final: true },
      },
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives back a lease that a lost renewal may have granted', async () => {
    const next = { leaseId: 'l2', wanted: '0.500000000', minimum: '0.000000001' };
    crashed((journal) => {
      journal.append({ t: 'lease', lease: 'l1', session: 's1' });
      const body = { sessionId: 's1', seq: 1, usage: [], final: true, next };
      journal.append({ t: 'plan', lease: 'l1', body });
    });
    const server = new RecordingServer();
    await replay(server);
    expect(server.settled.map(({ leaseId, body }) => [leaseId, body.seq, body.final])).toEqual([
      ['l1', 1, true],
      ['l2', 1, true],
    ]);
  });

  it('stays while the server does not answer, and goes when it refuses for good', async () => {
    crashed((journal) => journal.append({ t: 'lease', lease: 'l1', session: 's1' }));
    const server = new RecordingServer();
    server.failure = new UnreachableError('away', true);
    expect(await replay(server)).toBe(0);
    expect(readdirSync(folder)).toHaveLength(1);
    server.failure = new ServerError('no such lease', { status: 404 });
    await replay(server);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a living process, of another key or of another server is left alone', async () => {
    const own = crashed((journal) => journal.append({ t: 'lease', lease: 'l1', session: 's1' }));
    const server = new RecordingServer();
    await replay(server, own.path);
    const options = { folder, wallMs: Date.now(), ownPath: undefined };
    await replayJournals(server, { ...options, ...head, keyId: 'Other123' });
    await replayJournals(server, { ...options, ...head, server: 'https://other.example.com/' });
    expect(server.settled).toEqual([]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('stays small, and keeps what is open', async () => {
    const journal = crashed((file) => {
      file.append({ t: 'lease', lease: 'open', session: 's1' });
      file.append({ t: 'usage', lease: 'open', usage: record('kept') });
      for (let count = 0; count < 6_000; count += 1) {
        const lease = `lease-${count.toString()}`;
        file.append({ t: 'lease', lease, session: 's1' });
        file.append({ t: 'usage', lease, usage: record('done') });
        file.append({ t: 'end', lease });
      }
    });
    expect(statSync(journal.path).size).toBeLessThan(1_100_000);
    expect(readFileSync(journal.path, 'utf8')).toContain('kept');
    const server = new RecordingServer();
    await replay(server);
    expect(server.settled).toEqual([
      { leaseId: 'open', body: { sessionId: 's1', seq: 1, usage: [record('kept')], final: true } },
    ]);
  });

  const claimedBy = (pid: number): JournalFile => {
    const journal = crashed((file) => file.append({ t: 'lease', lease: 'l1', session: 's1' }));
    renameSync(journal.path, `${journal.path}.claimed-${pid.toString()}-0-0a1b2c3d`);
    return journal;
  };

  it('that a process had claimed when it was killed is replayed by the next one, once', async () => {
    claimedBy(spawnSync(process.execPath, ['-e', '']).pid);
    const server = new RecordingServer();
    const settled = await Promise.all([replay(server), replay(server)]);
    expect(settled.toSorted()).toEqual([0, 1]);
    expect(server.settled).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('bears the number of the process that replays it, and is free again when that fails', async () => {
    const journal = crashed((file) => file.append({ t: 'lease', lease: 'l1', session: 's1' }));
    const server = new RecordingServer();
    let during: string[] = [];
    const watching: LeaseServer = {
      acquire: () => server.acquire(),
      async settle(leaseId, body) {
        during = readdirSync(folder);
        expect(await replay(server)).toBe(0); // nobody else takes it meanwhile
        expect(leaseId).toBe(body.final ? 'l1' : '');
        throw new UnreachableError('away', true);
      },
    };
    expect(await replay(watching)).toBe(0);
    expect(during[0]).toContain(`.journal.claimed-${process.pid.toString()}-`);
    expect(readdirSync(folder)).toEqual([basename(journal.path)]);
    expect(await replay(server)).toBe(1);
  });

  it('that a living process replays is left to it', async () => {
    claimedBy(process.ppid);
    const server = new RecordingServer();
    expect(await replay(server)).toBe(0);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('that cannot be written any more says so once, and never throws', () => {
    const failures: unknown[] = [];
    const journal = new JournalFile(folder, head, (error) => failures.push(error));
    mkdirSync(`${journal.path}.new`); // where it is rewritten when it has grown
    for (let count = 0; count < 6_000; count += 1) {
      const lease = `lease-${count.toString()}`;
      journal.append({ t: 'usage', lease, usage: record('done') });
      journal.append({ t: 'end', lease });
    }
    expect(failures).toHaveLength(1);
    journal.touch(Date.now());
    journal.close();
    expect(readdirSync(folder)).toEqual([`${basename(journal.path)}.new`]);
  });

  it('is private, and is not written through a link', () => {
    const journal = new JournalFile(join(folder, 'new'), head);
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    journal.close();
    mkdirSync(join(folder, 'target'));
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    expect(() => new JournalFile(join(folder, 'link'), head)).toThrow(/does not belong/);
  });
});
