import type { Command } from 'commander';
import type { UsageSummary } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { findProject } from '../resolve.js';
import { count, dollars, plural, wholeNumber } from '../terminal/format.js';
import { facts, table } from '../terminal/table.js';
import {
  showUsageByTime,
  USAGE_BY_TIME_OPTIONS,
  type UsageByTimeOptions,
} from './usage-by-time.js';

interface UsageOptions extends UsageByTimeOptions {
  readonly days?: number;
}

type Run = (action: Action) => Promise<void>;

export function addReportCommands(program: Command, run: Run): void {
  const usage = program
    .command('usage')
    .description('What was spent: today, this month, by model, by project; or by time')
    .option('--project <project>', 'only of this project')
    .option('--days <number>', 'of how many days, 14 unless given', wholeNumber('--days', 1, 92))
    .action((options: UsageOptions) =>
      run((context) =>
        options.by ? showUsageByTime(context, options) : showUsage(context, options),
      ),
    );
  for (const option of USAGE_BY_TIME_OPTIONS) usage.addOption(option);
}

async function showUsage(context: Context, options: UsageOptions): Promise<undefined> {
  const client = await context.client();
  const projectId =
    options.project === undefined ? undefined : (await findProject(client, options.project)).id;
  const usage = await client.get<UsageSummary>('/v1/usage/summary', {
    projectId,
    days: options.days,
  });
  const models = table<UsageSummary['byModel'][number]>(
    [
      { title: 'Model', value: (row) => `${row.provider}/${row.model}` },
      { title: 'Cost', value: (row) => dollars(row.cost), alignRight: true },
      { title: 'Calls', value: (row) => count(row.calls), alignRight: true },
      { title: 'Input tokens', value: (row) => count(row.inputTokens), alignRight: true },
      { title: 'Output tokens', value: (row) => count(row.outputTokens), alignRight: true },
    ],
    usage.byModel,
    'No call was reported yet.',
  );
  const projects = table<UsageSummary['byProject'][number]>(
    [
      { title: 'Project', value: (row) => row.projectName },
      { title: 'Cost', value: (row) => dollars(row.cost), alignRight: true },
      { title: 'Calls', value: (row) => count(row.calls), alignRight: true },
    ],
    usage.byProject,
    '',
  );
  const totals = facts([
    ['Today', dollars(usage.today)],
    ['Yesterday', dollars(usage.yesterday)],
    ['This month', dollars(usage.month)],
    ['Calls', `${count(usage.calls)} in ${plural(options.days ?? 14, 'day')}`],
  ]);
  context.print(usage, [totals, models, projects].filter((part) => part !== '').join('\n\n'));
  return undefined;
}
