import { Option } from 'commander';
import type { Project, UsageByTime } from '../api/types.js';
import type { Context } from '../context.js';
import { findProject } from '../resolve.js';
import { count, dollars, instantOf, moment } from '../terminal/format.js';
import { type Column, table } from '../terminal/table.js';

export interface UsageByTimeOptions {
  readonly project?: string;
  readonly by?: 'minute' | 'hour' | 'day';
  readonly group?: 'project' | 'model' | 'key';
  readonly from?: string;
  readonly to?: string;
}

export const USAGE_BY_TIME_OPTIONS = [
  new Option('--by <bucket>', 'by time (UTC) instead').choices(['minute', 'hour', 'day']),
  new Option('--group <what>', 'with --by: each bucket by project, model or key').choices([
    'project',
    'model',
    'key',
  ]),
  new Option('--from <time>', 'with --by: a day (2026-11-01) or moment (2026-11-01T08:00:00Z)'),
  new Option('--to <time>', 'with --by: now unless given'),
] as const;

/** Projects beyond these are shown by their id. */
const MOST_NAMES = 1_000;

type Item = UsageByTime['items'][number];

export async function showUsageByTime(
  context: Context,
  { project, by, group, from, to }: UsageByTimeOptions,
): Promise<undefined> {
  const client = await context.client();
  const usage = await client.get<UsageByTime>('/v1/usage', {
    bucket: by,
    groupBy: group,
    projectId: project === undefined ? undefined : (await findProject(client, project)).id,
    from: from === undefined ? undefined : instantOf(from),
    to: to === undefined ? undefined : instantOf(to),
  });
  const names = new Map<string, string>();
  if (group === 'project')
    for (const { id, name } of (await client.list<Project>('/v1/projects', {}, MOST_NAMES)).items)
      names.set(id, name);
  const groups: Readonly<Record<string, Column<Item>>> = {
    project: {
      title: 'Project',
      value: ({ projectId }) => names.get(projectId ?? '') ?? projectId ?? '',
    },
    model: { title: 'Model', value: (row) => `${row.provider ?? ''}/${row.model ?? ''}` },
    key: { title: 'Key', value: ({ keyId }) => keyId ?? '' },
  };
  const ofGroup = group && groups[group];
  context.print(
    usage,
    table<Item>(
      [
        { title: 'From (UTC)', value: (row) => moment(row.start) },
        ...(ofGroup ? [ofGroup] : []),
        { title: 'Cost', value: (row) => dollars(row.cost), alignRight: true },
        { title: 'Calls', value: (row) => count(row.calls), alignRight: true },
        { title: 'Input tokens', value: (row) => count(row.inputTokens), alignRight: true },
        { title: 'Output tokens', value: (row) => count(row.outputTokens), alignRight: true },
      ],
      usage.items,
      'No call was reported in that time.',
    ),
  );
  if (usage.isCut) context.note('There is more: ask for a shorter range.');
  return undefined;
}
