import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Account } from './account.js';
import { EmbeddedPostgresError, USE_DATABASE_URL } from './errors.js';

/** Length of `sun_path` less its closing zero: 108 bytes on Linux, 104 on macOS. */
const LONGEST_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const SOCKET_NAME = '.s.PGSQL.5432';

/**
 * A private folder for the Unix socket: beside the data folder, or in the temporary folder when that path is too long or its file
 * system has no sockets.
 *
 * @throws {EmbeddedPostgresError} `socket-path-too-long` when neither works
 */
export async function makeSocketFolder(dataDir: string, account: Account): Promise<string> {
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const candidates = [`${dataDir}.socket`, path.join(tmpdir(), `iron-cage-${digest}`)];
  for (const folder of candidates) {
    if (Buffer.byteLength(path.join(folder, SOCKET_NAME)) > LONGEST_PATH_BYTES) continue;
    if (await isUsable(folder, account)) return folder;
  }
  throw new EmbeddedPostgresError(
    'socket-path-too-long',
    `No Unix socket can be made beside ${dataDir} or in ${tmpdir()}: a path may have ${String(LONGEST_PATH_BYTES)} bytes, and the folder must be writable. ` +
      `Choose a shorter data folder with IRON_CAGE_DATA_DIR, ${USE_DATABASE_URL}.`,
  );
}

async function isUsable(folder: string, account: Account): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    const expected = [process.getuid?.(), account.ids?.uid];
    // In a shared temporary folder somebody else may have been here first.
    if (!found.isDirectory() || !expected.includes(found.uid)) return false;
    await chmod(folder, 0o700);
    if (account.ids) await chown(folder, account.ids.uid, account.ids.gid);
    return await canBind(path.join(folder, '.probe'));
  } catch {
    return false;
  }
}

async function canBind(file: string): Promise<boolean> {
  await rm(file, { force: true });
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(file, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
