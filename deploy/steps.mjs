import { existsSync } from 'node:fs';
import path from 'node:path';
import { runOrFail } from './command.mjs';
import { installDependencies } from './install.mjs';
import { step } from './progress.mjs';
import { checkNode, npmCommand, npmEnvironment, root, runtimeNode } from './runtime.mjs';
import { contentHash, stampFits, writeStamp } from './stamp.mjs';

const BUILD_LIMIT_MS = 10 * 60_000;
const COMMON_INPUTS = ['package-lock.json', 'tsconfig.json'];
const DASHBOARD_LEFT_OUT =
  /^dashboard-ui\/(node_modules|dist|\.angular|coverage|e2e|test-results)(\/|$)|\.spec\.ts$/;

/** What is built, from which files, and a file that proves that the output is there. */
const PARTS = {
  sdk: {
    name: 'SDK',
    inputs: [
      ...COMMON_INPUTS,
      'sdk/src',
      'sdk/package.json',
      'sdk/build.mjs',
      'sdk/tsconfig.json',
      'sdk/tsconfig.build.json',
    ],
    output: 'sdk/dist',
    proof: 'sdk/dist/index.js',
    build: () => node(['sdk/build.mjs'], root),
  },
  server: {
    name: 'server',
    inputs: [
      ...COMMON_INPUTS,
      'src',
      'ormconfig.ts',
      'nest-cli.json',
      'tsconfig.build.json',
      '.swcrc',
    ],
    output: 'dist',
    proof: 'dist/src/main.js',
    build: () => node(['node_modules/@nestjs/cli/bin/nest.js', 'build'], root),
  },
  dashboard: {
    name: 'dashboard',
    inputs: ['dashboard-ui'],
    output: 'dashboard-ui/dist',
    proof: 'dashboard-ui/dist',
    build: () => npm(['run', 'build'], path.join(root, 'dashboard-ui')),
  },
};

/** Installs and builds what is missing or stale. @param {{ install?: boolean }} [options] */
export async function prepare({ install = true } = {}) {
  checkNode();
  if (install) await installAll();
  for (const part of Object.keys(PARTS)) await build(part);
}

export async function installAll() {
  await installDependencies({ folder: '.', name: 'server' });
  await installDependencies({ folder: 'dashboard-ui', name: 'dashboard' });
}

/** @param {keyof typeof PARTS} part @returns {Promise<boolean>} whether anything was done */
export async function build(part) {
  const { name, inputs, output, proof, build: work } = PARTS[part];
  const stamp = path.join(root, output, '.iron-cage-build');
  const hash = contentHash(root, inputs, (file) => DASHBOARD_LEFT_OUT.test(file));
  if (stampFits(stamp, hash) && existsSync(path.join(root, proof))) return false;
  await step(`Build the ${name}`, async () => {
    await work();
    writeStamp(stamp, hash);
  });
  return true;
}

/** Captured output needs no colours, and no build may ask questions. */
const BUILD_ENVIRONMENT = { NO_COLOR: '1', CI: '1', NG_CLI_ANALYTICS: 'false' };

function node(args, cwd) {
  return runBuild(runtimeNode(), args, cwd, process.env);
}

function npm(args, cwd) {
  const { program, args: first } = npmCommand();
  return runBuild(program, [...first, ...args], cwd, npmEnvironment());
}

function runBuild(program, args, cwd, env) {
  return runOrFail(program, args, {
    cwd,
    env: { ...env, ...BUILD_ENVIRONMENT },
    timeLimitMs: BUILD_LIMIT_MS,
    failure: 'The build failed.',
    advice: buildAdvice,
  });
}

function buildAdvice(output) {
  if (/heap out of memory|SIGKILL/.test(output))
    return 'The build ran out of memory: it needs about 2 GB.';
  if (/ENOSPC/.test(output)) return 'The disk is full: free some space and start again.';
  if (/EACCES|EPERM|EROFS/.test(output))
    return `This user may not write to ${root}: change the owner of the folder.`;
  return 'If you did not change the sources: delete node_modules and dist and start again; else correct what the lines above name.';
}
