import { spawn } from 'node:child_process';
import { StepError } from './progress.mjs';

const KEPT_CHARACTERS = 200_000;

/**
 * Runs a program and keeps the end of its output.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeLimitMs?: number, show?: 'stderr' }} [options]  `show` passes standard error on
 *   as it comes
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(program, args, { cwd, env, timeLimitMs = 15 * 60_000, show } = {}) {
  return new Promise((resolve) => {
    // npm is a .cmd file on Windows, which only a shell can start.
    const shell = process.platform === 'win32' && !program.endsWith('.exe');
    const child = spawn(program, args, {
      cwd,
      env,
      shell,
      stdio: ['ignore', 'pipe', show === 'stderr' ? 'inherit' : 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr?.setEncoding('utf8').on('data', keep);
    const timer = setTimeout(() => {
      keep(`\nstopped after ${Math.round(timeLimitMs / 1000)} seconds\n`);
      child.kill('SIGKILL');
    }, timeLimitMs);
    const stopChild = (signal) => child.kill(signal);
    process.once('SIGINT', stopChild).once('SIGTERM', stopChild);
    const settle = (code) => {
      clearTimeout(timer);
      process.off('SIGINT', stopChild).off('SIGTERM', stopChild);
      resolve({ code, output });
    };
    child.on('error', (error) => {
      keep(`${error.message}\n`);
      settle(127);
    });
    child.on('close', (code) => settle(code ?? 1));
  });
}

/**
 * As {@link run}, but a failure is thrown.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeLimitMs?: number, failure: string, advice: (output: string) => string }} options
 */
export async function runOrFail(program, args, { failure, advice, ...options }) {
  const { code, output } = await run(program, args, options);
  if (code !== 0) throw new StepError(failure, { output, advice: advice(output) });
  return output;
}
