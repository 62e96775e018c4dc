import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './errors.js';

/** What PostgreSQL wrote about itself into `postmaster.pid`. */
export interface RunningPostmaster {
  readonly pid: number;
  readonly socketFolder: string;
}

export function readPostmaster(dataDir: string): RunningPostmaster | undefined {
  const lines = readLines(path.join(dataDir, 'postmaster.pid'));
  const pid = Number(lines[0]);
  return Number.isSafeInteger(pid) && pid > 0 ? { pid, socketFolder: lines[4] ?? '' } : undefined;
}

/** Notes which process runs the database, so that others can tell a running Iron Cage from the rest of a killed one. */
export function writeOwner(dataDir: string): void {
  writeFileSync(ownerFile(dataDir), `${String(process.pid)}\n${startOf(process.pid)}\n`, {
    mode: 0o600,
  });
}

export function clearOwner(dataDir: string): void {
  rmSync(ownerFile(dataDir), { force: true });
}

/** @returns the live process that runs the database, or `undefined`; a reused process number is told apart by its start time */
export function liveOwner(dataDir: string): number | undefined {
  const [pidText = '', start = ''] = readLines(ownerFile(dataDir));
  const pid = Number(pidText);
  return pidText !== '' && pid > 0 && isAlive(pid) && startOf(pid) === start ? pid : undefined;
}

/** A zombie, which nobody has waited for yet, is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Removes the lock of a database of which every process has ended, but whose first process was never waited for (a container without an
 * init process): PostgreSQL itself would take that zombie for a running server for ever.
 */
export function clearZombieLock(dataDir: string, pid: number): void {
  if (!isZombie(pid) || hasProcessIn(dataDir)) return;
  rmSync(path.join(dataDir, 'postmaster.pid'), { force: true });
}

/** Every process of PostgreSQL works in the data folder. Unknown counts as yes. */
function hasProcessIn(dataDir: string): boolean {
  try {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return processes.some((pid) => workingFolder(pid) === dataDir);
  } catch {
    return true;
  }
}

function workingFolder(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // it ended meanwhile, is a zombie, or belongs to another user, who cannot work in this private folder
  }
}

function isZombie(pid: number): boolean {
  return statFields(pid)[0] === 'Z';
}

function ownerFile(dataDir: string): string {
  return `${dataDir}.owner`;
}

/** Field 22 of /proc/<pid>/stat; empty where there is no /proc. */
function startOf(pid: number): string {
  return statFields(pid)[19] ?? '';
}

/** The fields from the third on: the second is the program's name in parentheses and may hold anything. */
function statFields(pid: number): string[] {
  const stat = readLines(`/proc/${String(pid)}/stat`)[0] ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
