import { Command } from 'commander';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../../src/cli/context.js';
import { readEnvironment } from '../../../src/cli/environment.js';
import { runCommandLine } from '../../../src/cli/program.js';

/** The whole command line, as it is when its arguments are about to be read. */
async function program(): Promise<Command> {
  const parse = Command.prototype.parseAsync;
  const made: Command[] = [];
  Command.prototype.parseAsync = function (this: Command, ...args: Parameters<typeof parse>) {
    made.push(this);
    return parse.apply(this, args);
  };
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  await runCommandLine(['--version'], streams as unknown as Streams, readEnvironment({}));
  Command.prototype.parseAsync = parse;
  return made[0] ?? new Command();
}

const namesOf = ({ options }: Command): string[] =>
  options.map(({ long, short }) => long ?? short ?? '');

/** @returns options that a command above takes away from the one that they are written for */
function taken(command: Command, above: readonly string[] = []): string[] {
  const own = namesOf(command);
  return [
    ...own.filter((name) => above.includes(name)).map((name) => `${command.name()} ${name}`),
    ...command.commands.flatMap((below) => taken(below, [...above, ...own])),
  ];
}

it('no command has an option that a command above it would take', async () => {
  const all = await program();
  expect(all.commands.length).toBeGreaterThan(15);
  expect(taken(all)).toEqual([]);
});
