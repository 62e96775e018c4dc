#!/usr/bin/env node
// The `iron-cage` command: builds the server once if that has not happened, then hands over to it on the bundled Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { reportFailure } from './progress.mjs';
import { root, runtimeNode } from './runtime.mjs';
import { build, installAll } from './steps.mjs';

const main = path.join(root, 'dist', 'src', 'cli', 'main.js');

try {
  if (!existsSync(main)) {
    await installAll();
    await build('server');
  }
  const { status, signal, error } = spawnSync(
    runtimeNode(),
    ['--no-warnings', main, ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  if (error) throw error;
  process.exitCode = status ?? 128 + (constants.signals[signal] ?? 0);
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
