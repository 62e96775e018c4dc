import type { Command } from 'commander';
import type { Alert } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { moment, wholeNumber } from '../terminal/format.js';
import { table } from '../terminal/table.js';

interface ListOptions {
  readonly kind?: string;
  readonly limit?: number;
}

type Run = (action: Action) => Promise<void>;

const LISTED = 50;
const MOST_LISTED = 1_000;

export function addAlertCommands(program: Command, run: Run): void {
  program
    .command('alerts')
    .alias('alert')
    .description('What somebody should know of: budgets, debt, speed, keys; newest first')
    .option('--kind <kind>', 'only this one, such as key.expiring or budget.threshold')
    .option(
      '--limit <count>',
      `how many, ${LISTED} unless given`,
      wholeNumber('--limit', 1, MOST_LISTED),
    )
    .action((options: ListOptions) => run((context) => listAlerts(context, options)));
}

async function listAlerts(
  context: Context,
  { kind, limit = LISTED }: ListOptions,
): Promise<undefined> {
  const client = await context.client();
  const { items } = await client.list<Alert>('/v1/alerts', { kind }, limit);
  const text = table<Alert>(
    [
      { title: 'When', value: (row) => moment(row.at) },
      { title: 'Kind', value: (row) => row.kind },
      { title: 'Project', value: (row) => row.projectName ?? '' },
      { title: 'What', value: (row) => row.summary },
    ],
    items,
    'Nothing that you need to know of.',
  );
  context.print({ items }, text);
  return undefined;
}
