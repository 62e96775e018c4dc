import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedPostgresError, errorCode, failureOf, USE_DATABASE_URL } from './errors.js';

/** Its own small environment: PostgreSQL must not inherit keys, and its messages must be in English to be understood. */
export const PROGRAM_ENVIRONMENT = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** How PostgreSQL is run: it refuses to run as root. */
export interface Account {
  /** Given to the child process when this process is root and drops its rights. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** Put before the command line. */
  readonly wrap: readonly string[];
}

const SAME_ACCOUNT: Account = { wrap: [] };
/** Root outside, an ordinary user inside: reaches whatever root reaches, for folders that no other user may enter. */
const NAMESPACE: Account = { wrap: ['unshare', '--user', '--map-user=1000', '--map-group=1000'] };

/**
 * Chooses the account: this process's own, unless that is root. Then the owner of an existing database, or else a user without rights
 * who can reach the files, or else root in a user namespace.
 *
 * @throws {EmbeddedPostgresError} `no-unprivileged-user` when root has nobody to run it as
 */
export function chooseAccount(native: string, dataDir: string): Account {
  const postgres = path.join(native, 'bin', 'postgres');
  if (process.getuid?.() !== 0) {
    checkProgram(postgres, dataDir);
    return SAME_ACCOUNT;
  }
  const parent = path.dirname(dataDir);
  const users = ['postgres', 'nobody'].flatMap(accountNamed);
  const reaches = (account: Account): boolean =>
    canRun(account, [postgres, '--version']) && canRun(account, ['test', '-x', parent]);
  const found =
    (existingOwner(dataDir) ?? [...users, NAMESPACE]).find(reaches) ??
    usersAfterOpening(parent, users).find(reaches);
  if (found) return found;
  checkProgram(postgres, dataDir);
  throw new EmbeddedPostgresError(
    'no-unprivileged-user',
    `PostgreSQL refuses to run as root, and no other user can reach both ${path.dirname(dataDir)} and ${native}. ` +
      `Start Iron Cage as an ordinary user, or move it and its data to folders that every user may enter (IRON_CAGE_DATA_DIR=/var/lib/iron-cage), ${USE_DATABASE_URL}.`,
  );
}

/** @returns the version of PostgreSQL in this package, such as 18 */
export function majorVersion(native: string, account: Account): string {
  const postgres = path.join(native, 'bin', 'postgres');
  const [program, ...args] = [...account.wrap, postgres, '--version'] as const;
  const text = execFileSync(program, args, {
    encoding: 'utf8',
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    ...account.ids,
  });
  return /(\d+)(\.|\s|$)/.exec(text)?.[1] ?? '';
}

/** Whether a process can be told to end when its parent does (util-linux). */
export function hasDeathSignal(account: Account): boolean {
  return process.platform === 'linux' && canRun(account, ['setpriv', '--pdeathsig', 'INT', 'true']);
}

/**
 * The folder around the database is root's own and closed: others get the right to pass through it, not to list or read it. What lies in
 * it has its own modes.
 */
function usersAfterOpening(parent: string, users: readonly Account[]): readonly Account[] {
  const { uid, mode } = statSync(parent);
  if (uid === 0 && (mode & 0o001) === 0) chmodSync(parent, (mode & 0o777) | 0o011);
  return users;
}

function existingOwner(dataDir: string): readonly Account[] | undefined {
  try {
    const { uid, gid } = statSync(path.join(dataDir, 'PG_VERSION'));
    return [uid === 0 ? NAMESPACE : { ids: { uid, gid }, wrap: [] }];
  } catch {
    return undefined;
  }
}

function accountNamed(name: string): Account[] {
  try {
    const id = (flag: string): number =>
      Number(
        execFileSync('id', [flag, name], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          env: PROGRAM_ENVIRONMENT,
        }),
      );
    return [{ ids: { uid: id('-u'), gid: id('-g') }, wrap: [] }];
  } catch {
    return [];
  }
}

function canRun(account: Account, command: readonly string[]): boolean {
  const [program, ...args] = [...account.wrap, ...command];
  if (program === undefined) return false;
  try {
    execFileSync(program, args, {
      stdio: 'ignore',
      cwd: '/',
      env: PROGRAM_ENVIRONMENT,
      ...account.ids,
    });
    return true;
  } catch {
    return false;
  }
}

/** Finds out early, and with a clear error, that the program itself cannot run on this machine. */
function checkProgram(postgres: string, dataDir: string): void {
  try {
    execFileSync(postgres, ['--version'], { stdio: 'pipe', env: PROGRAM_ENVIRONMENT });
  } catch (error) {
    const output =
      error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    if (errorCode(error) === 'ENOENT') {
      throw new EmbeddedPostgresError(
        'unsupported-platform',
        `The embedded PostgreSQL needs glibc, which this system (Alpine?) lacks. Use an image based on Debian, ${USE_DATABASE_URL}.`,
        error,
      );
    }
    throw failureOf('postgres', dataDir, output);
  }
}
