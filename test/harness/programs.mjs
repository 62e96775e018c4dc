import { existsSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../deploy/command.mjs';
import { step } from '../../deploy/progress.mjs';
import { readText } from '../../deploy/runtime.mjs';

const UPDATE_LIMIT_MS = 3 * 60_000;
const INSTALL_LIMIT_MS = 6 * 60_000;

const PROGRAMS = [
  {
    package: 'redis-server',
    names: ['redis-server'],
    groups: ['integration', 'property', 'e2e'],
    without: 'the tests against a real Redis are skipped; the in-memory store is still tested',
  },
  {
    package: 'pgbouncer',
    names: ['pgbouncer'],
    groups: ['integration'],
    without: 'the tests through PgBouncer are skipped',
  },
  {
    package: 'nginx',
    names: ['nginx'],
    groups: ['integration'],
    without: 'the tests behind nginx are skipped',
  },
  {
    package: 'chromium',
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    groups: ['dashboard'],
    without: 'the browser tests of the dashboard are skipped',
  },
];

/** Installs from Debian what the chosen tests need and the machine lacks, where this process may; says what is skipped otherwise. */
export async function installPrograms(groups) {
  const missing = PROGRAMS.filter(
    (program) =>
      program.groups.some((group) => groups.includes(group)) && !program.names.some(isOnPath),
  );
  if (missing.length === 0) return;
  const obstacle = whyNot();
  if (obstacle === undefined) {
    await step(
      `Install ${missing.map((program) => program.package).join(' and ')} from Debian`,
      () => aptInstall(missing),
    );
  }
  for (const program of missing.filter(({ names }) => !names.some(isOnPath))) {
    process.stderr.write(
      `      ${program.package} is missing (${obstacle ?? 'apt-get could not install it'}): ${program.without}\n`,
    );
  }
}

function whyNot() {
  if (process.getuid?.() !== 0) return 'only root may install it';
  if (!isOnPath('apt-get') || !/^ID=debian$/m.test(readText('/etc/os-release') ?? ''))
    return 'this system is not Debian';
  return undefined;
}

async function aptInstall(missing) {
  // Run level 1 keeps the package from starting a service of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (args, timeLimitMs) =>
    run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=60', ...args], { env, timeLimitMs });
  await apt(['update'], UPDATE_LIMIT_MS);
  for (const program of missing) {
    const { code, output } = await apt(
      ['install', '-y', '--no-install-recommends', program.package],
      INSTALL_LIMIT_MS,
    );
    if (code !== 0) process.stderr.write(`${output.trimEnd().split('\n').slice(-5).join('\n')}\n`);
  }
}

function isOnPath(name) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((folder) => existsSync(path.join(folder, name)));
}
