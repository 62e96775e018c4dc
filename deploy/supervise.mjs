import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { readText } from './runtime.mjs';

const REPEAT_MS = 1_000;
const WATCH_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs the server as a child: signals reach it once, and it never outlives this process, whatever ends it: the server watches the IPC
 * channel, which the operating system closes even after a SIGKILL.
 *
 * @returns {Promise<number>} exit code
 */
export function supervise(program, args, { cwd, env }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...env, IRON_CAGE_SUPERVISED: '1' },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      // Its own process group: Ctrl-C must arrive once, through this process, not a second time from the terminal.
      detached: process.platform !== 'win32',
    });
    const forward = forwarder(child);
    for (const signal of SIGNALS) process.on(signal, forward);
    const watch = watchNpm(() => child.kill('SIGTERM'));
    child.on('error', (error) => {
      process.stderr.write(`The server could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** npm passes on a Ctrl-C that the terminal has sent already: two of them within a second are one. */
function forwarder(child) {
  let lastAt = -Infinity;
  return (signal) => {
    const at = performance.now();
    if (at - lastAt < REPEAT_MS) return;
    lastAt = at;
    child.kill(signal);
  };
}

/** When npm or its shell is killed without a word, nobody else would stop the server. */
function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32')
    return undefined;
  const watched = [process.ppid, shellParent(process.ppid)].filter(
    (pid) => pid !== undefined && pid > 1,
  );
  const timer = setInterval(() => {
    if (watched.every(isAlive)) return;
    clearInterval(timer);
    onGone();
  }, WATCH_MS);
  return timer.unref();
}

/** npm starts scripts through `sh -c`; the process above that shell is npm. Known on Linux only. */
function shellParent(pid) {
  const status = readText(`/proc/${pid}/status`);
  if (status === undefined || !/^Name:\s+(sh|dash|bash)$/m.test(status)) return undefined;
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
