import { Argument, type Command } from 'commander';
import { isUuid } from '../../kernel/ids.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { movingMoney, REQUEST_ID_HELP, requestIdOf } from '../request-ids.js';
import { findProject } from '../resolve.js';
import { amountArgument, dollars, moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';

type Run = (action: Action) => Promise<void>;

interface Refill {
  readonly id: string;
  readonly mode: 'set-to' | 'add' | 'add-with-cap';
  readonly amount: string;
  readonly cap: string | null;
  readonly window: string;
  readonly nextAt: string;
  readonly createdAt: string;
}

interface CreateOptions {
  readonly setTo?: string;
  readonly add?: string;
  readonly cap?: string;
  readonly requestId?: string;
}

const EXAMPLES = `
Examples:
  iron-cage refill create Research month --set-to 100
  iron-cage refill create Research day --add 5 --cap 20`;

export function addRefillCommands(program: Command, run: Run): void {
  const refill = program
    .command('refill')
    .alias('refills')
    .description('Deposits that come by themselves each day, week or month');
  refill
    .command('list')
    .argument('<project>')
    .description('Refills of a project, and when each comes next')
    .action((project: string) => run((context) => listRefills(context, project)));
  refill
    .command('create')
    .argument('<project>')
    .addArgument(new Argument('<window>', 'how often').choices(['day', 'week', 'month']))
    .description('Deposit at the start of each window, and now for the current one')
    .option('--set-to <dollars>', 'fill the free balance up to it; nothing is taken away')
    .option('--add <dollars>', 'add it, whatever is there')
    .option('--cap <dollars>', 'with --add: never lift the free balance above it')
    .option('--request-id <uuid>', REQUEST_ID_HELP)
    .addHelpText('after', EXAMPLES)
    .action((project: string, window: string, options: CreateOptions) =>
      run((context) => createRefill(context, project, window, options)),
    );
  refill
    .command('remove')
    .argument('<project>')
    .argument('<refill id>')
    .description('Stop a refill; what it has deposited stays')
    .action((project: string, id: string) => run((context) => removeRefill(context, project, id)));
}

async function listRefills(context: Context, given: string): Promise<undefined> {
  const client = await context.client();
  const project = await findProject(client, given);
  const { items } = await client.get<{ items: Refill[] }>(`/v1/projects/${project.id}/refills`);
  const text = table<Refill>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Each', value: (row) => row.window },
      { title: 'What', value: whatItDoes },
      { title: 'Next', value: (row) => moment(row.nextAt) },
      { title: 'Made', value: (row) => moment(row.createdAt), detail: true },
    ],
    items,
    'Nothing is deposited by itself yet. See: iron-cage refill create --help',
  );
  context.print({ items }, text);
  return undefined;
}

async function createRefill(
  context: Context,
  given: string,
  window: string,
  options: CreateOptions,
): Promise<undefined> {
  const rule = ruleOf(options);
  const requestId = requestIdOf(options.requestId);
  const client = await context.client();
  const project = await findProject(client, given);
  // The first deposit comes at once: without an answer it is not known whether it came.
  const made = await movingMoney(requestId, () =>
    client.send<Refill>({
      method: 'POST',
      path: `/v1/projects/${project.id}/refills`,
      body: { id: requestId, window, ...rule },
      repeatable: true,
    }),
  );
  context.print(
    made,
    `Each ${made.window}, ${project.name}: ${whatItDoes(made)}. Done for this ${made.window}; next ${moment(made.nextAt)}. Refill ${made.id}`,
  );
  return undefined;
}

/** One of the three ways, as the options say it. @throws {CliError} USAGE */
function ruleOf({ setTo, add, cap }: CreateOptions): object {
  if (setTo !== undefined && add === undefined && cap === undefined)
    return { mode: 'set-to', amount: amountArgument(setTo) };
  if (add === undefined || setTo !== undefined)
    throw usageError('Give one of --set-to and --add, in dollars; --cap goes with --add.');
  if (cap === undefined) return { mode: 'add', amount: amountArgument(add) };
  return { mode: 'add-with-cap', amount: amountArgument(add), cap: amountArgument(cap) };
}

async function removeRefill(context: Context, given: string, id: string): Promise<undefined> {
  if (!isUuid(id))
    throw usageError(
      `"${id}" is not the id of a refill. List them with: iron-cage refill list ${given}`,
    );
  const client = await context.client();
  const project = await findProject(client, given);
  await client.send<undefined>({
    method: 'DELETE',
    path: `/v1/projects/${project.id}/refills/${id}`,
  });
  context.print({ removed: id }, 'Removed. It deposits nothing any more; what came before stays.');
  return undefined;
}

function whatItDoes({ mode, amount, cap }: Refill): string {
  if (mode === 'set-to') return `fill up to ${dollars(amount)}`;
  const limit = cap === null ? '' : `, up to ${dollars(cap)}`;
  return `add ${dollars(amount)}${limit}`;
}
