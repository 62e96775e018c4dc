import { type ChildProcess, spawn } from 'node:child_process';
import { type Account, PROGRAM_ENVIRONMENT } from './account.js';

const KEPT_CHARACTERS = 20_000;

/**
 * Starts a program under an account, in a session of its own: a Ctrl-C at the terminal must not reach the database before the server
 * has closed.
 */
export function startProgram(
  program: string,
  account: Account,
  args: readonly string[],
  prefix: readonly string[] = [],
): ChildProcess {
  const [command = program, ...rest] = [...account.wrap, ...prefix, program, ...args];
  return spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    env: PROGRAM_ENVIRONMENT,
    ...account.ids,
  });
}

export function runProgram(
  program: string,
  account: Account,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = startProgram(program, account, args);
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS);
    });
    child.on('error', (error) => {
      resolve({ code: 127, output: error.message });
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output });
    });
  });
}
