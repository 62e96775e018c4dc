import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type AgentMessage =
  | { readonly event: 'task' | 'ticket'; readonly number: number; readonly answer: string }
  | {
      readonly event: 'blocked';
      readonly code: string;
      readonly name: string;
      readonly message: string;
    };

/**
 * Runs an agent as its own process with nothing but what a developer would give it: an Iron Cage key, the server's address, and where
 * the provider is. No provider key is anywhere in its environment.
 */
export async function runAgent(
  script: string,
  env: Readonly<Record<string, string>>,
  onMessage: (message: AgentMessage) => void,
): Promise<{ exitCode: number | null; output: string }> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    execArgv: [],
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.on('message', onMessage);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  return { exitCode, output };
}
