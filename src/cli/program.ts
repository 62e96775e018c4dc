import { Command, CommanderError } from 'commander';
import { CliError, EXIT } from './cli-error.js';
import { addAgentSessionCommands } from './commands/agent-sessions.js';
import { addAlertCommands } from './commands/alerts.js';
import { addAnomalyCommands } from './commands/anomalies.js';
import { addAuditCommands } from './commands/audit.js';
import { addBudgetCommands } from './commands/budgets.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addKeyCommands } from './commands/keys.js';
import { addPasswordCommand } from './commands/member-changes.js';
import { addMoneyCommands } from './commands/money.js';
import { addOrganizationCommands } from './commands/organizations.js';
import { addPriceCommands } from './commands/prices.js';
import { addProjectCommands } from './commands/projects.js';
import { addRefillCommands } from './commands/refills.js';
import { addReportCommands } from './commands/reports.js';
import { addSecretCommands } from './commands/secrets.js';
import { addStorageCommands } from './commands/storage.js';
import { addVaultCommands } from './commands/vault.js';
import { addSessionCommands } from './commands/session.js';
import { type Action, Context, type Streams } from './context.js';
import { type Environment, readVersion } from './environment.js';
import { printable } from './terminal/table.js';

const HELP = `
First steps:
  iron-cage setup                                     the first owner, once
  iron-cage project create Research
  iron-cage deposit Research 25 --reason "November"
  iron-cage secret add openai-main --provider openai
  iron-cage key create Research

Environment:
  IRON_CAGE_URL        the server, unless --url is given; else that of the last
                       login; else http://127.0.0.1:3000
  IRON_CAGE_EMAIL, IRON_CAGE_PASSWORD
                       sign in for one command, where no login is saved
                       (machines: better login --password-stdin once)
  IRON_CAGE_DATA_DIR   where doctor and setup find the data folder

Exit codes:
  0  done          1  refused, or a check failed      2  wrong usage
  3  server not reachable                             4  not signed in`;

/** Runs one command line. @returns its exit code; never throws */
export async function runCommandLine(
  args: readonly string[],
  streams: Streams,
  environment: Environment,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('iron-cage');
  const context = new Context(program, streams, environment);
  const wantsJson = args.includes('--json');
  const run = async (action: Action): Promise<void> => {
    exitCode = (await action(context)) ?? EXIT.ok;
  };
  program
    .description('Operate an Iron Cage server: keys, budgets, provider secrets, usage.')
    .version(readVersion(), '--version', 'print the version')
    .option('--url <address>', 'the server')
    .option('--json', 'results as JSON on standard output, errors as JSON on standard error')
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ subcommandTerm: term })
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => (wantsJson ? undefined : streams.stderr.write(text)),
    })
    .addHelpText('after', HELP);
  addSessionCommands(program, run);
  addPasswordCommand(program, run);
  addOrganizationCommands(program, run);
  addProjectCommands(program, run);
  addMoneyCommands(program, run);
  addBudgetCommands(program, run);
  addRefillCommands(program, run);
  addKeyCommands(program, run);
  addAgentSessionCommands(program, run);
  addAlertCommands(program, run);
  addAnomalyCommands(program, run);
  addSecretCommands(program, run);
  addVaultCommands(program, run);
  addReportCommands(program, run);
  addAuditCommands(program, run);
  addPriceCommands(program, run);
  addStorageCommands(program, run);
  addDoctorCommand(program, run);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, streams, wantsJson);
  }
}

function report(error: unknown, streams: Streams, json: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (json)
      streams.stderr.write(
        `${JSON.stringify({ error: { code: 'USAGE', message: error.message.replace(/^error: /, '') } })}\n`,
      );
    return EXIT.usage;
  }
  const known = error instanceof CliError ? error : unexpected(error);
  const { code, message, requestId, details } = known;
  if (json)
    streams.stderr.write(`${JSON.stringify({ error: { code, message, requestId, details } })}\n`);
  else
    streams.stderr.write(
      `error: ${message}\n${issuesOf(details, message)}${referenceOf(code, requestId)}`,
    );
  return known.exitCode;
}

/** What to quote when asking for help; a wrong word on the command line needs none. */
function referenceOf(code: string, requestId: string | undefined): string {
  if (code === 'USAGE') return '';
  return `       ${code}${requestId === undefined ? '' : `, request ${requestId}`}\n`;
}

function unexpected(error: unknown): CliError {
  return new CliError(
    'UNEXPECTED',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    { cause: error },
  );
}

/** A command in a list of commands: its name and arguments; that there are options goes without saying, and aliases are for typing. */
function term(command: Command): string {
  const given = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [command.name(), ...given].join(' ');
}

/** VALIDATION_FAILED names what is wrong with which field, unless the sentence has said so. */
function issuesOf(details: unknown, sentence: string): string {
  const issues: unknown =
    typeof details === 'object' && details !== null && 'issues' in details
      ? details.issues
      : undefined;
  if (!Array.isArray(issues)) return '';
  return (issues as { path?: unknown; message?: unknown }[])
    .map(({ path, message }) => printable(`${String(path)}: ${String(message)}`))
    .filter((issue) => !sentence.includes(issue))
    .map((issue) => `       ${issue}\n`)
    .join('');
}
