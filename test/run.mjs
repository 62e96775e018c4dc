// npm test: everything, from a fresh clone. The last line is "N passed, N failed"; the exit code says whether all is well.
//   npm test                   all of it
//   npm test -- unit sdk       some groups: static (builds, types, lint, format) or any project of jest.config.mjs
//   npm test -- --no-install   with the packages and programs that are there
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../deploy/command.mjs';
import { reportFailure, StepError } from '../deploy/progress.mjs';
import { npmCommand, npmEnvironment, root, runtimeNode } from '../deploy/runtime.mjs';
import { build, installAll } from '../deploy/steps.mjs';
import { installPrograms } from './harness/programs.mjs';

const STATIC = 'static';
/** Runs alone: it measures nothing, but it needs both cores to have something happen at the same time. */
const CHAOS = 'chaos';
const GROUPS = [
  STATIC,
  'architecture',
  'unit',
  'sdk',
  'integration',
  'property',
  'e2e',
  'dashboard',
  CHAOS,
];
const JEST_LIMIT_MS = 40 * 60_000;
const CHECKS = [
  ['Types', 'typecheck', '.'],
  ['Lint', 'lint', '.'],
  ['Format', 'format:check', '.'],
  ['Dashboard: types follow openapi.json', 'api:check', 'dashboard-ui'],
  ['Dashboard: lint', 'lint', 'dashboard-ui'],
  ['Dashboard: format', 'format:check', 'dashboard-ui'],
  ['Dashboard: component tests', 'test', 'dashboard-ui'],
];

const total = { passed: 0, failed: 0, skipped: 0 };
const { groups, install } = readArguments(process.argv.slice(2));
try {
  if (install) {
    await installAll();
    await installPrograms(groups);
  }
  for (const part of partsFor(groups)) await count(() => build(part));
  if (groups.includes(STATIC))
    for (const [name, script, folder] of CHECKS) await check(name, script, folder);
  await runJest(groups.filter((group) => group !== STATIC && group !== CHAOS));
  await runJest(groups.filter((group) => group === CHAOS));
} catch (error) {
  reportFailure(error);
  total.failed += 1;
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;

function readArguments(args) {
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const unknown = args.filter((arg) => arg !== '--no-install' && !GROUPS.includes(arg));
  if (unknown.length > 0) {
    process.stderr.write(
      `Unknown: ${unknown.join(', ')}. Groups: ${GROUPS.join(', ')}. Options: --no-install.\n`,
    );
    process.exit(2);
  }
  return { groups: wanted.length > 0 ? wanted : GROUPS, install: !args.includes('--no-install') };
}

/** What the groups run against; unit and architecture tests need nothing that is built. */
function partsFor(chosen) {
  if (chosen.includes(STATIC)) return ['sdk', 'server', 'dashboard'];
  const needs = (...names) => chosen.some((group) => names.includes(group));
  return [
    ...(needs('sdk', 'integration', 'property', 'e2e', 'dashboard', CHAOS)
      ? ['sdk', 'server']
      : []),
    ...(needs('e2e', 'dashboard') ? ['dashboard'] : []),
  ];
}

/** A step outside jest is one test. */
async function count(work) {
  try {
    await work();
    total.passed += 1;
  } catch (error) {
    reportFailure(error);
    total.failed += 1;
  }
}

async function check(name, script, folder) {
  const startedAt = Date.now();
  const npm = npmCommand();
  const { code, output } = await run(npm.program, [...npm.args, 'run', '--silent', script], {
    cwd: path.join(root, folder),
    env: {
      ...npmEnvironment(),
      CI: '1',
      NG_CLI_ANALYTICS: 'false',
      ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
    },
  });
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stderr.write(`${code === 0 ? '  ok' : 'FAIL'}  ${name} (${seconds} s)\n`);
  total[code === 0 ? 'passed' : 'failed'] += 1;
  if (code !== 0)
    reportFailure(
      new StepError(`Repeat it with: npm run ${script}${folder === '.' ? '' : ` (in ${folder})`}`, {
        output,
      }),
    );
}

async function runJest(projects) {
  if (projects.length === 0) return;
  const folder = mkdtempSync(path.join(tmpdir(), 'iron-cage-jest-'));
  const report = path.join(folder, 'report.json');
  try {
    const { code } = await run(
      runtimeNode(),
      [
        ...[
          '--experimental-vm-modules',
          '--no-warnings',
          'node_modules/jest/bin/jest.js',
          '--maxWorkers=2',
          '--passWithNoTests',
        ],
        ...['--json', `--outputFile=${report}`, '--selectProjects', ...projects],
      ],
      {
        cwd: root,
        env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) },
        timeLimitMs: JEST_LIMIT_MS,
        show: 'stderr',
      },
    );
    addJest(JSON.parse(readFileSync(report, 'utf8')), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addJest(report, code) {
  total.passed += report.numPassedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded holds tests that nobody counted.
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  total.failed += failed === 0 && code !== 0 ? 1 : failed;
}
