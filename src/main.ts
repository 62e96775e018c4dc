import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { readConfig, StartupError } from './platform/config/index.js';
import { type RunningServer, startServer } from './server.js';

const STOP_LIMIT_MS = 75_000;

/**
 * V8 puts objects that it expects to live long among the old ones at once. What a request makes lives for milliseconds, but now and then
 * one survives a collection by being in flight, and from then on promises and buffers go there and keep all that they refer to: memory
 * grew by some KiB with each request, and the collections of it were most of the slowest hundredth of the answers.
 */
setFlagsFromString('--no-allocation-site-pretenuring');

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function welcome(server: RunningServer, dataDir: string, databaseUrl: boolean): void {
  print('');
  print(`  Iron Cage is running.`);
  print(`  Dashboard   ${server.url}/dashboard/`);
  if (server.setupToken !== undefined) {
    print(`  Set-up      ${server.url}/dashboard/setup#token=${server.setupToken}`);
    print(
      `              Open this link once to create the first owner. It is also in ${path.join(dataDir, 'setup-token')}`,
    );
  }
  print(`  API         ${server.url}/api/docs`);
  print(`  Data        ${databaseUrl ? 'the database of DATABASE_URL' : path.join(dataDir, 'pg')}`);
  print(
    `  Master key  ${server.kekSource} (back it up: without it the stored provider keys cannot be read)`,
  );
  if (!databaseUrl)
    print(`              To use your own PostgreSQL and Redis, set DATABASE_URL and REDIS_URL.`);
  print('');
}

async function main(): Promise<void> {
  const config = readConfig();
  const server = await startServer(config, (step) => {
    print(`  ${step} …`);
  });
  welcome(server, config.dataDir, config.databaseUrl !== undefined);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    print('  stopping …');
    // Somewhere something may hang for ever; whoever asked to stop must not wait as long.
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    void server.close().finally(() => process.exit(0));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Started by `npm start`: when that is killed, its channel closes, and nobody is left to stop this process.
  if (config.supervised) process.on('disconnect', stop);
}

main().catch((error: unknown) => {
  const known = error instanceof StartupError;
  process.stderr.write(
    known
      ? `\n  Iron Cage did not start. ${error.message} [${error.code}]\n\n`
      : `\n  Iron Cage did not start.\n${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exit(1);
});
