import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';
import { EmbeddedPostgresError, errorCode, failureOf, USE_DATABASE_URL } from './errors.js';
import { runProgram } from './program.js';

/** `none`: nothing there yet; `database`: a PostgreSQL of the right version. */
export type FolderState = 'none' | 'database';

/**
 * Looks at a data folder without changing anything in it.
 *
 * @throws {EmbeddedPostgresError} when it is something that must not be touched
 */
export async function inspectFolder(dataDir: string, major: string): Promise<FolderState> {
  const names = await readdir(dataDir).catch((error: unknown): string[] => {
    if (errorCode(error) === 'ENOENT') return [];
    throw notWritable(dataDir, error);
  });
  if (names.length === 0) return 'none';
  if (!names.includes('PG_VERSION')) {
    throw new EmbeddedPostgresError(
      'folder-not-a-database',
      `${dataDir} holds files but no database. Nothing was changed: choose an empty folder with IRON_CAGE_DATA_DIR, or put back your backup, ${USE_DATABASE_URL}.`,
    );
  }
  const found = (await readFile(path.join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (found !== major) {
    throw new EmbeddedPostgresError(
      'folder-of-other-version',
      `${dataDir} was made by PostgreSQL ${found === '' ? '(unknown)' : found}, this is PostgreSQL ${major}. Start the Iron Cage version that made it, ${USE_DATABASE_URL}.`,
    );
  }
  if (!existsSync(path.join(dataDir, 'global', 'pg_control'))) {
    throw new EmbeddedPostgresError(
      'folder-damaged',
      `${dataDir} lacks global/pg_control, without which PostgreSQL cannot read it. Nothing was changed: put back your last backup of the data folder.`,
    );
  }
  return 'database';
}

/** Creates the folder around the data folder. @throws {EmbeddedPostgresError} `folder-not-writable` */
export async function makeParent(dataDir: string): Promise<void> {
  const parent = path.dirname(dataDir);
  const probe = path.join(parent, `.write-test-${String(process.pid)}`);
  try {
    await mkdir(parent, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw notWritable(parent, error);
  }
}

/** The password of the database's only login, made once and kept beside the data folder. */
export async function readPassword(dataDir: string): Promise<string> {
  const file = `${dataDir}.password`;
  try {
    await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw notWritable(file, error);
  }
  const password = (await readFile(file, 'utf8')).trim();
  if (password !== '') return password;
  throw new EmbeddedPostgresError(
    'folder-damaged',
    `${file} is empty. Put it back from your backup: it is the password of the database in ${dataDir}.`,
  );
}

/**
 * Creates the database aside and moves it into place when it is whole, so that an interrupted first start leaves nothing half-made.
 */
export async function createDatabase(options: {
  native: string;
  dataDir: string;
  account: Account;
  password: string;
}): Promise<void> {
  const { dataDir } = options;
  const aside = `${dataDir}.new`;
  await rm(aside, { recursive: true, force: true });
  try {
    await initialize({ ...options, target: aside });
    await rename(aside, dataDir).catch(async (error: unknown) => {
      // The data folder is a mount point: it cannot be replaced, only filled.
      if (!['EBUSY', 'EXDEV'].includes(errorCode(error) ?? '')) throw error;
      await initialize({ ...options, target: dataDir });
    });
    await flushFolder(path.dirname(dataDir));
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function initialize(options: {
  native: string;
  account: Account;
  password: string;
  dataDir: string;
  target: string;
}): Promise<void> {
  const { native, account, password, dataDir, target } = options;
  await mkdir(target, { recursive: true, mode: 0o700 });
  const passwordFile = `${target}.pw`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    for (const file of account.ids ? [target, passwordFile] : [])
      await chown(file, account.ids?.uid ?? 0, account.ids?.gid ?? 0);
    const { code, output } = await runProgram(path.join(native, 'bin', 'initdb'), account, [
      ...['-D', target, '-U', 'postgres', `--pwfile=${passwordFile}`],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--data-checksums'],
    ]);
    if (code !== 0) throw failureOf('initdb', dataDir, output);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notWritable(folder: string, cause: unknown): EmbeddedPostgresError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EmbeddedPostgresError(
    'folder-not-writable',
    `${folder} cannot be used (${why}). Give it to the user that starts Iron Cage, or choose another folder with IRON_CAGE_DATA_DIR, ${USE_DATABASE_URL}.`,
    cause,
  );
}
