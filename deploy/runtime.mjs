import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StepError } from './progress.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

const LEAST_TO_START = [20, 19];
const LEAST_TO_RUN = [22, 22];

/** Node of this process: it only has to start npm; the server runs on the Node that the lock file brings. */
export function checkNode() {
  if (isAtLeast(process.versions.node, LEAST_TO_START)) return;
  throw new StepError(
    `Node ${process.versions.node} is too old: Iron Cage starts with Node ${LEAST_TO_START.join('.')} or later.`,
    {
      advice:
        'Install a current Node (https://nodejs.org), check it with "node --version", and start again.',
    },
  );
}

/**
 * The Node that builds and runs: the one in node_modules on Linux with glibc, elsewhere this one.
 * @returns {string} path of the program
 */
export function runtimeNode() {
  const bundled = path.join(root, 'node_modules', '.bin', 'node');
  if (existsSync(bundled) && answers(bundled)) return bundled;
  if (isAtLeast(process.versions.node, LEAST_TO_RUN)) return process.execPath;
  throw new StepError(
    `This platform (${process.platform}-${process.arch}) has no bundled Node, and Node ${process.versions.node} is too old.`,
    {
      advice: `Install Node 24 (https://nodejs.org); it must be ${LEAST_TO_RUN.join('.')} or later.`,
    },
  );
}

/**
 * npm, started by a Node outside node_modules, because `npm ci` deletes the one inside.
 * @returns {{ program: string, args: string[] }}
 */
export function npmCommand() {
  const { npm_execpath: npmPath, npm_node_execpath: npmNode } = process.env;
  const node = [npmNode, process.execPath].find(
    (file) => file && existsSync(file) && !isInside(file),
  );
  if (node && npmPath && /npm-cli\.[cm]?js$/.test(npmPath) && existsSync(npmPath))
    return { program: node, args: [npmPath] };
  return { program: 'npm', args: [] };
}

/** Environment for npm: nothing of a surrounding `node_modules/.bin`, and a cache folder that can be written. */
export function npmEnvironment() {
  const separator = path.delimiter;
  const searchPath = (process.env.PATH ?? '')
    .split(separator)
    .filter((folder) => !isInside(folder));
  const env = {
    ...process.env,
    PATH: searchPath.join(separator),
    npm_config_update_notifier: 'false',
  };
  const cache = process.env.npm_config_cache ?? path.join(homedir(), '.npm');
  if (!isWritable(cache)) env.npm_config_cache = path.join(tmpdir(), `iron-cage-npm-${userName()}`);
  return env;
}

/** @param {string} file */
export function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isAtLeast(version, [major, minor]) {
  const [haveMajor = 0, haveMinor = 0] = version.split('.').map(Number);
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}

function answers(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false; // built for another C library
  }
}

function isInside(file) {
  const relative = path.relative(path.join(root, 'node_modules'), path.resolve(file));
  return !relative.startsWith('..') && !path.isAbsolute(relative);
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function userName() {
  try {
    return String(userInfo().uid);
  } catch {
    return 'user';
  }
}
