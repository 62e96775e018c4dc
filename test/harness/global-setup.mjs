import '@swc-node/register/esm-register'; // jest's own transform does not apply here
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const FAST_AND_FORGETFUL = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=300',
  'track_commit_timestamp=on',
];
const REDIS_LIMIT_MS = 10_000;

/**
 * One real PostgreSQL for all test files, and a real Redis where the machine has one. The workers inherit IRON_CAGE_TEST_DATABASE_URL
 * and IRON_CAGE_TEST_REDIS_URL; what is set already is used as it is. Each test makes its own database in it.
 */
export default async function globalSetup() {
  const folder = mkdtempSync(path.join(tmpdir(), 'iron-cage-test-'));
  const stops = [() => rmSync(folder, { recursive: true, force: true })];
  globalThis.stopTestServices = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  if (!process.env.IRON_CAGE_TEST_DATABASE_URL) {
    const { startEmbeddedPostgres } =
      await import('../../src/platform/database/embedded-postgres.ts');
    const database = await startEmbeddedPostgres(path.join(folder, 'pg'), {
      flags: FAST_AND_FORGETFUL,
    });
    process.env.IRON_CAGE_TEST_DATABASE_URL = database.url;
    stops.push(() => database.stop());
  }
  if (!process.env.IRON_CAGE_TEST_REDIS_URL && hasRedis()) {
    const redis = await startRedis(folder);
    process.env.IRON_CAGE_TEST_REDIS_URL = redis.url;
    stops.push(redis.stop);
  }
}

function hasRedis() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function startRedis(folder) {
  const port = 20_000 + (process.pid % 20_000);
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = Date.now() + REDIS_LIMIT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`redis-server did not start on port ${port}`);
    await wait(50);
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
