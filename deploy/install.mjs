import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runOrFail } from './command.mjs';
import { step, StepError } from './progress.mjs';
import { npmCommand, npmEnvironment, readText, root } from './runtime.mjs';
import { contentHash, stampFits, writeStamp } from './stamp.mjs';

const INSTALL_LIMIT_MS = 20 * 60_000;

/** Installs what the lock file names, unless exactly that is installed. */
export async function installDependencies({ folder, name }) {
  const home = path.join(root, folder);
  if (!existsSync(path.join(home, 'package.json'))) return;
  if (isInstalled(home)) return;
  await step(`Install the ${name}'s packages`, () => install(home));
}

/** @param {string} home */
export function isInstalled(home) {
  if (!existsSync(path.join(home, 'package-lock.json'))) return true;
  const stamp = stampFile(home);
  const hash = lockHash(home);
  if (stampFits(stamp, hash)) return true;
  if (!fitsHiddenLock(home)) return false;
  writeStamp(stamp, hash);
  return true;
}

async function install(home) {
  const npm = npmCommand();
  await runOrFail(
    npm.program,
    [
      ...npm.args,
      'ci',
      '--ignore-scripts',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--no-progress',
    ],
    {
      cwd: home,
      env: npmEnvironment(),
      timeLimitMs: INSTALL_LIMIT_MS,
      failure: 'npm could not install the packages.',
      advice,
    },
  );
  if (!fitsHiddenLock(home))
    throw new StepError('npm finished, but packages are missing.', {
      advice: 'Delete node_modules and start again.',
    });
  writeStamp(stampFile(home), lockHash(home));
}

function stampFile(home) {
  return path.join(home, 'node_modules', '.iron-cage-lock');
}

function lockHash(home) {
  // The platform belongs to it: a folder copied to another machine holds the other platform's binaries.
  return `${process.platform}-${process.arch}-${contentHash(home, ['package-lock.json'])}`;
}

/** npm leaves a list of what it installed; somebody may have run `npm ci` or `npm install` by hand. */
function fitsHiddenLock(home) {
  const hidden = readText(path.join(home, 'node_modules', '.package-lock.json'));
  if (hidden === undefined) return false;
  const installed = JSON.parse(hidden).packages;
  const wanted = JSON.parse(readFileSync(path.join(home, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) =>
      !name.startsWith('node_modules/') ||
      (isLeftOut(entry) && installed[name] === undefined) ||
      (installed[name]?.version === entry.version && existsSync(path.join(home, name))),
  );
}

/** What npm may leave out: optional packages, except those made for exactly this platform. */
function isLeftOut({ optional, devOptional, peer, os, cpu, libc }) {
  const madeForThis =
    includes(os, process.platform) && includes(cpu, process.arch) && libc === undefined;
  return Boolean(optional ?? devOptional ?? peer) && !madeForThis;
}

function includes(listed, value) {
  return [listed].flat().includes(value);
}

function advice(output) {
  if (/ENOSPC/.test(output)) return 'The disk is full: free about 2 GB and start again.';
  if (/EACCES|EPERM|EROFS/.test(output))
    return `This user may not write to ${root}: change the owner of the folder, or start as its owner.`;
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|network/i.test(output)) {
    return 'The package registry does not answer. Check the network, a proxy (npm config get proxy) and the registry (npm config get registry), then start again.';
  }
  if (/EUSAGE|Missing:|Invalid: lock file/.test(output)) {
    return 'package.json and package-lock.json do not fit together: restore both from the repository (git checkout package.json package-lock.json).';
  }
  if (/not found|ENOENT.*npm|spawn npm/.test(output))
    return 'npm was not found: it comes with Node (https://nodejs.org).';
  return 'The lines above are the end of the output of npm. Correct the cause and start again; nothing is lost.';
}
