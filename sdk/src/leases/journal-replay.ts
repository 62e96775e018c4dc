import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

import { ProofRefusedError } from '../errors/catalogue.js';
import type { WireLeaseRequest, WireSettlement } from '../wire/protocol.js';
import { UnreachableError } from '../wire/unreachable.js';
import { LiveLease, type JournalLine } from './journal-file.js';
import type { LeaseServer } from './lease-server.js';

const FILES_MAX = 200;
const RECORDS_MAX = 1_000;
/** A living process touches its journal with every heartbeat. */
const ABANDONED_MS = 15 * 60_000;

export interface ReplayOptions {
  readonly folder: string;
  readonly server: string;
  readonly keyId: string;
  readonly wallMs: number;
  /** The journal of this process. */
  readonly ownPath: string | undefined;
}

export interface ReplayResult {
  readonly settled: number;
  /** The server takes reports for a process that crashed when it has been silent for a while. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Finishes what crashed processes left behind: reports their usage and returns their leases.
 * @returns how many leases were settled, and when it is worth trying again
 */
export async function replayJournals(
  server: LeaseServer,
  options: ReplayOptions,
): Promise<ReplayResult> {
  let settled = 0;
  let retryAfterMs: number | undefined;
  for (const name of abandonedJournals(options)) {
    const claimed = claim(options, name);
    if (claimed === undefined) continue;
    try {
      settled += await replayFile(server, claimed);
      fs.rmSync(claimed, { force: true });
    } catch (error) {
      // Not reachable now: leave it for the next start, or for when the server says.
      if (error instanceof UnreachableError) retryAfterMs ??= error.retryAfterMs;
      fs.renameSync(claimed, join(options.folder, journalName(name)));
    } finally {
      claims.delete(claimed);
    }
  }
  return { settled, retryAfterMs };
}

function abandonedJournals({ folder, server, keyId, wallMs, ownPath }: ReplayOptions): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`${keyId}-`) && namePattern.test(name))
    .slice(0, FILES_MAX)
    .filter((name) => {
      const path = join(folder, name);
      if (path === ownPath || claims.has(path) || !isAbandoned(path, wallMs)) return false;
      return isFor(server, path);
    });
}

function isFor(server: string, path: string): boolean {
  try {
    return readLines(path).some((line) => line.t === 'head' && line.server === server);
  } catch {
    return false; // somebody else has just claimed it
  }
}

/** Who writes a journal stands in its name; who has claimed it for a replay stands behind that. */
const namePattern =
  /^(.*-(\d+)-(\d+)-[0-9a-f]{8}\.journal)(?:\.claimed(?:-(\d+)-(\d+)-[0-9a-f]{8})?)?$/;
/** What this thread is replaying: a file that bears its number otherwise is from an earlier process of that number. */
const claims = new Set<string>();

function journalName(name: string): string {
  return namePattern.exec(name)?.[1] ?? name;
}

function isAbandoned(path: string, wallMs: number): boolean {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return false;
  const [, , writer, writerThread, claimer, claimerThread] = namePattern.exec(path) ?? [];
  const pid = Number(claimer ?? writer);
  const isOwn = pid === process.pid && Number(claimerThread ?? writerThread) === threadId;
  return isOwn || !isAlive(pid) || wallMs - stats.mtimeMs > ABANDONED_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return Reflect.get(Object(error), 'code') === 'EPERM';
  }
}

/**
 * Only one process can rename a file: two that start together do not replay it twice. The new name tells whose it is now, so that
 * others know when the one that replays it has died as well.
 */
function claim({ folder, wallMs }: ReplayOptions, name: string): string | undefined {
  const owner = `${process.pid.toString()}-${threadId.toString()}`;
  const mark = randomBytes(4).toString('hex');
  const path = join(folder, name);
  const claimed = join(folder, `${journalName(name)}.claimed-${owner}-${mark}`);
  try {
    fs.utimesSync(path, wallMs / 1_000, wallMs / 1_000);
    fs.renameSync(path, claimed);
  } catch {
    return undefined;
  }
  claims.add(claimed);
  return claimed;
}

async function replayFile(server: LeaseServer, path: string): Promise<number> {
  const leases = new Map<string, LiveLease>();
  for (const line of readLines(path)) {
    if (line.t === 'head') continue;
    const lease = leases.get(line.lease) ?? new LiveLease();
    leases.set(line.lease, lease);
    if (line.t === 'end') leases.delete(line.lease);
    else lease.track(line);
  }
  for (const [id, lease] of leases) await finish(server, id, lease);
  return leases.size;
}

/** A crash may cut the last line: what cannot be read was never acted upon. */
function readLines(path: string): JournalLine[] {
  return fs
    .readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return [JSON.parse(text) as JournalLine];
      } catch {
        return [];
      }
    });
}

async function finish(server: LeaseServer, id: string, lease: LiveLease): Promise<void> {
  if (lease.plan !== undefined) {
    const { final, next, seq } = lease.plan;
    await settle(server, id, lease.plan);
    lease.track({ t: 'ack', lease: id, seq });
    if (next !== undefined) await giveBack(server, next, lease.sessionId);
    if (final) return;
  }
  let seq = lease.seq;
  let rest = lease.records;
  do {
    const usage = rest.slice(0, RECORDS_MAX);
    rest = rest.slice(RECORDS_MAX);
    seq += 1;
    const final = rest.length === 0;
    await settle(server, id, { sessionId: lease.sessionId, seq, usage, final });
  } while (rest.length > 0);
}

async function giveBack(
  server: LeaseServer,
  next: WireLeaseRequest,
  sessionId: string,
): Promise<void> {
  await settle(server, next.leaseId, { sessionId, seq: 1, usage: [], final: true });
}

/** A refusal is final (the lease never existed or has ended); silence, and what could not be proven, are worth another try. */
async function settle(server: LeaseServer, id: string, body: WireSettlement): Promise<void> {
  try {
    await server.settle(id, body);
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof ProofRefusedError) throw error;
  }
}
