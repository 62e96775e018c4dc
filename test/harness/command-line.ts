import { PassThrough } from 'node:stream';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One command line, without a terminal. */
export async function runCli(
  args: readonly string[],
  variables: Record<string, string>,
  stdin = '',
): Promise<CommandResult> {
  const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const streams = { stdin: input, stdout: out, stderr: err } as unknown as Streams;
  const code = await runCommandLine(args, streams, readEnvironment(variables));
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}
