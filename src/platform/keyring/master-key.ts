import { randomBytes } from 'node:crypto';
import { mkdir, open as openFile, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { KEY_BYTES } from '../../kernel/sealed-box.js';
import { type Config, StartupError } from '../config/index.js';

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

export interface MasterKey {
  readonly bytes: Buffer;
  /** Where it came from, for people. */
  readonly source: string;
  /** It was made just now: nothing can have been encrypted with it yet. */
  readonly fresh: boolean;
  /** Set when a key management service wraps it: what the database keeps of it. */
  readonly kept?: { readonly provider: string; readonly wrapped: Buffer };
}

/**
 * The master key (KEK): `IRON_CAGE_KEK`, else `IRON_CAGE_KEK_FILE`, else the file `kek` of the data folder, which the first start makes.
 *
 * @param needed the id of the key that the database needs; undefined before the first start, and only then a key is made
 * @throws {StartupError} KEK_MISSING, KEK_MALFORMED, KEK_EXPOSED
 */
export async function readMasterKey(config: Config, needed?: string): Promise<MasterKey> {
  if (config.kek !== undefined)
    return { bytes: decode(config.kek, 'IRON_CAGE_KEK'), source: 'IRON_CAGE_KEK', fresh: false };
  const file = config.kekFile ?? path.join(config.dataDir, 'kek');
  const found = await readKeyFile(file);
  if (found) return found;
  if (config.kekFile !== undefined) throw missing(file, 'IRON_CAGE_KEK_FILE');
  if (needed !== undefined) {
    throw new StartupError(
      'KEK_MISSING',
      `The master key file ${file} is missing, and this database was encrypted with master key ${needed}. Put the file back; without it the stored provider keys cannot be read. Nothing was changed.`,
    );
  }
  return { bytes: await create(file), source: file, fresh: true };
}

/**
 * The master key before this one, while what it wrapped is being rewrapped: `IRON_CAGE_KEK_PREVIOUS`, else `IRON_CAGE_KEK_PREVIOUS_FILE`,
 * else the file `kek.previous` of the data folder, if it is there.
 *
 * @throws {StartupError} KEK_MISSING, KEK_MALFORMED, KEK_EXPOSED
 */
export async function readPreviousKey(config: Config): Promise<MasterKey | undefined> {
  const { kekPrevious, kekPreviousFile } = config.keys;
  if (kekPrevious !== undefined) {
    const source = 'IRON_CAGE_KEK_PREVIOUS';
    return { bytes: decode(kekPrevious, source), source, fresh: false };
  }
  const file = kekPreviousFile ?? path.join(config.dataDir, 'kek.previous');
  const found = await readKeyFile(file);
  if (!found && kekPreviousFile !== undefined) throw missing(file, 'IRON_CAGE_KEK_PREVIOUS_FILE');
  return found;
}

/** @returns undefined when there is no such file */
async function readKeyFile(file: string): Promise<MasterKey | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new StartupError(
      'KEK_MISSING',
      `The master key file ${file} cannot be read (${code ?? message}). Give this user the right to read it.`,
      error,
    );
  });
  if (text === undefined) return undefined;
  await refuseExposed(file);
  return { bytes: decode(text.trim(), file), source: file, fresh: false };
}

function missing(file: string, variable: string): StartupError {
  return new StartupError(
    'KEK_MISSING',
    `There is no master key file at ${file} (${variable}). Restore it, or make one with: openssl rand -base64 32 > ${file} && chmod 600 ${file}`,
  );
}

async function create(file: string): Promise<Buffer> {
  const bytes = randomBytes(KEY_BYTES);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const handle = await openFile(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${bytes.toString('base64')}\n`);
    // Losing this key loses every secret: it must be on disk before anything is encrypted with it.
    await handle.sync();
  } finally {
    await handle.close();
  }
  return bytes;
}

async function refuseExposed(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return;
  throw new StartupError(
    'KEK_EXPOSED',
    `Other users may read the master key file ${file} (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${file}`,
  );
}

function decode(text: string, source: string): Buffer {
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  if (BASE64.test(text)) return Buffer.from(text, 'base64url');
  throw new StartupError(
    'KEK_MALFORMED',
    `The master key in ${source} is not 32 bytes in base64 or hex. Restore the right one; a new one is made with: openssl rand -base64 32`,
  );
}
