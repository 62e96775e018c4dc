import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A hash over the names and contents of files and folders.
 *
 * @param {string} root
 * @param {string[]} inputs paths under the root; those that do not exist count as absent
 * @param {(relativePath: string) => boolean} [leaveOut]
 */
export function contentHash(root, inputs, leaveOut = () => false) {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesUnder(root, input, leaveOut))) {
    const bytes = readFileSync(path.join(root, file));
    hash.update(`${file}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** @param {string} file @param {string} hash */
export function stampFits(file, hash) {
  return existsSync(file) && readFileSync(file, 'utf8').trim() === hash;
}

/** @param {string} file @param {string} hash */
export function writeStamp(file, hash) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${hash}\n`);
}

function filesUnder(root, relative, leaveOut) {
  const absolute = path.join(root, relative);
  if (!existsSync(absolute)) return [];
  let entries;
  try {
    entries = readdirSync(absolute, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [relative];
    throw error;
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = path.posix.join(relative, entry.name);
      if (leaveOut(child)) return [];
      if (entry.isDirectory()) return filesUnder(root, child, leaveOut);
      return entry.isFile() ? [child] : [];
    });
}
