// npm start: from a fresh clone to a running server. Plain JavaScript on what Node brings, because nothing is installed yet.
import path from 'node:path';
import { reportFailure } from './progress.mjs';
import { root, runtimeNode } from './runtime.mjs';
import { SERVER_FLAGS } from './server-flags.mjs';
import { prepare } from './steps.mjs';
import { supervise } from './supervise.mjs';

const DEMO = ['--import', '@swc-node/register/esm-register', 'test/demo/main.ts'];
const SERVER = [...SERVER_FLAGS, 'dist/src/main.js'];
const PATH_VARIABLES = ['IRON_CAGE_DATA_DIR', 'IRON_CAGE_KEK_FILE'];

const [flag, ...rest] = process.argv.slice(2);
if (flag !== undefined && flag !== '--demo') {
  process.stderr.write(`Unknown argument "${flag}". Use: npm start, or npm run demo.\n`);
  process.exit(2);
}

try {
  await prepare();
  const env = { ...process.env };
  // The server runs in the repository's folder; relative paths were meant from here.
  for (const name of PATH_VARIABLES) if (env[name]) env[name] = path.resolve(env[name]);
  const args = flag === '--demo' ? [...DEMO, ...rest] : SERVER;
  process.exitCode = await supervise(runtimeNode(), args, { cwd: root, env });
} catch (error) {
  reportFailure(error);
  process.exitCode = 1;
}
