import type { Command } from 'commander';
import type { Storage } from '../api/types.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { count, fileSize, plural } from '../terminal/format.js';
import { table } from '../terminal/table.js';

type Run = (action: Action) => Promise<void>;

/** Summing up a busy month may take minutes. */
const DROP_LIMIT_MS = 600_000;

export function addStorageCommands(program: Command, run: Run): void {
  const storage = program
    .command('storage')
    .description('What the database keeps by month (operators)');
  storage
    .command('status')
    .description('The months of entries, reports and usage, and their size')
    .action(() => run(status));
  storage
    .command('drop')
    .argument('<month>', 'as 2026-11; the oldest one')
    .description('Drop entries, reports and usage lines of a month, of all organizations')
    .option('--yes', 'do not ask')
    .action((month: string, options: { yes?: boolean }) =>
      run((context) => drop(context, month, options.yes ?? false)),
    );
}

async function status(context: Context): Promise<undefined> {
  const storage = await (await context.client()).get<Storage>('/v1/storage');
  context.print(storage, described(storage));
  return undefined;
}

async function drop(context: Context, month: string, yes: boolean): Promise<undefined> {
  if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(month))
    throw usageError(`"${month}" is not a month. Give it as 2026-11.`);
  const client = await context.client();
  await context.prompt.confirm(
    `Drop ${month} of all organizations for good? Its entries, reports and usage lines are lost; balances, budgets, leases and usage sums are kept.`,
    yes,
  );
  const storage = await client.send<Storage>({
    method: 'POST',
    path: '/v1/storage/drop',
    body: { month },
    timeLimitMs: DROP_LIMIT_MS,
  });
  context.print(storage, `${month} is dropped.\n\n${described(storage)}`);
  return undefined;
}

function described(storage: Storage): string {
  const months = table<Storage['months'][number]>(
    [
      { title: 'Month', value: (row) => row.month },
      {
        title: 'Rows, about',
        value: (row) => (row.rows === null ? '–' : count(row.rows)),
        alignRight: true,
      },
      { title: 'Entries', value: (row) => fileSize(row.entriesBytes), alignRight: true },
      { title: 'Reports', value: (row) => fileSize(row.settlementsBytes), alignRight: true },
      { title: 'Usage', value: (row) => fileSize(row.usageBytes), alignRight: true },
      { title: 'State', value: (row) => row.state },
    ],
    storage.months,
  );
  const notes = [
    storage.strays > 0 ? `${plural(storage.strays, 'row has', 'rows have')} no month.` : '',
    storage.droppedBefore === null ? '' : `Months before ${storage.droppedBefore} were dropped.`,
  ].filter((note) => note !== '');
  return [months, ...notes].join('\n');
}
