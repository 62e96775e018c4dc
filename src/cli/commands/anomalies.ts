import { type Command, Option } from 'commander';
import type { Anomaly, AnomalyPolicy } from '../api/types.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { findProject } from '../resolve.js';
import { moment } from '../terminal/format.js';
import { facts, table } from '../terminal/table.js';

interface PolicyOptions {
  readonly addresses?: string;
  readonly velocity?: string;
  readonly group?: readonly string[];
  readonly ungroup?: readonly string[];
}

type Run = (action: Action) => Promise<void>;

const MOST_LISTED = 1_000;
const ACTIONS = ['off', 'alert', 'pause', 'block'];

export function addAnomalyCommands(program: Command, run: Run): void {
  const anomaly = program
    .command('anomaly')
    .alias('anomalies')
    .description('Keys that behave strangely: in several places at once, or too fast');
  anomaly
    .command('list')
    .description('List those that nobody has released')
    .option('--project <project>', 'only of this project')
    .option('--all', 'also those that were released')
    .action((options: { project?: string; all?: boolean }) =>
      run((context) => listAnomalies(context, options)),
    );
  anomaly
    .command('release')
    .argument('<anomaly>', 'its id')
    .description('It was all right: let the key, or the project paused for it, run again')
    .option('--same-network', 'from now on its addresses count as one')
    .action((id: string, options: { sameNetwork?: boolean }) =>
      run((context) => release(context, id, options.sameNetwork ?? false)),
    );
  anomaly
    .command('policy')
    .argument('<project>')
    .description('Show or change what a project does about them')
    .addOption(
      new Option('--addresses <action>', 'one key in several places at once').choices(ACTIONS),
    )
    .addOption(new Option('--velocity <action>', 'the velocity limit is met').choices(ACTIONS))
    .option(
      '--group <groups...>',
      'name=range,range: addresses that count as one; replaces that group',
    )
    .option('--ungroup <names...>', 'drop groups')
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage anomaly policy Research --addresses block --group egress=203.0.113.0/28,2001:db8:7::/48',
    )
    .action((given: string, options: PolicyOptions) =>
      run((context) => policy(context, given, options)),
    );
}

async function listAnomalies(
  context: Context,
  options: { project?: string; all?: boolean },
): Promise<undefined> {
  const client = await context.client();
  const query = {
    projectId:
      options.project === undefined ? undefined : (await findProject(client, options.project)).id,
    open: options.all === true ? undefined : 'true',
  };
  const { items } = await client.list<Anomaly>('/v1/anomalies', query, MOST_LISTED);
  const text = table<Anomaly>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Project', value: (row) => row.projectName },
      { title: 'What', value: (row) => row.summary },
      { title: 'Done', value: (row) => row.action },
      { title: 'Times', value: (row) => String(row.times), alignRight: true },
      { title: 'Since', value: (row) => moment(row.firstAt) },
      { title: 'Released', value: (row) => moment(row.releasedAt) },
    ],
    items,
    'Nothing strange was seen.',
  );
  context.print({ items }, text);
  return undefined;
}

async function release(context: Context, id: string, sameNetwork: boolean): Promise<undefined> {
  const released = await (
    await context.client()
  ).send<Anomaly>({
    method: 'POST',
    path: `/v1/anomalies/${encodeURIComponent(id)}/release`,
    body: sameNetwork ? { sameNetwork } : {},
    repeatable: true,
  });
  context.print(released, `Released: key "${released.keyName}" of ${released.projectName}.`);
  return undefined;
}

async function policy(context: Context, given: string, options: PolicyOptions): Promise<undefined> {
  const client = await context.client();
  const project = await findProject(client, given);
  const path = `/v1/projects/${project.id}/anomaly-policy`;
  const before = await client.get<AnomalyPolicy>(path);
  const after = changed(before, options);
  const isChange = JSON.stringify(after) !== JSON.stringify(before);
  const now = isChange
    ? await client.send<AnomalyPolicy>({ method: 'PUT', path, body: after, repeatable: true })
    : before;
  const groups = now.groups.map(
    ({ name, ranges }) => [`Group ${name}`, ranges.join(', ')] as const,
  );
  context.print(
    now,
    facts([['Several places', now.addresses], ['Too fast', now.velocity], ...groups]),
  );
  return undefined;
}

function changed(before: AnomalyPolicy, options: PolicyOptions): AnomalyPolicy {
  const given = (options.group ?? []).map((text) => {
    const [, name = '', ranges = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === '')
      throw usageError(
        `"${text}" is not a group. Give name=range,range such as egress=10.0.0.0/8.`,
      );
    return { name, ranges: ranges.split(',').map((range) => range.trim()) };
  });
  const dropped = new Set([...(options.ungroup ?? []), ...given.map(({ name }) => name)]);
  return {
    addresses: options.addresses ?? before.addresses,
    velocity: options.velocity ?? before.velocity,
    groups: [...before.groups.filter(({ name }) => !dropped.has(name)), ...given],
  };
}
