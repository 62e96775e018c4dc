import { type Command, Option } from 'commander';
import type { PiiPattern, PiiPolicy, Policy, Project } from '../api/types.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { findProject } from '../resolve.js';
import { amountArgument, dollars, moment, plural, wholeNumber } from '../terminal/format.js';
import { facts, type Table, table } from '../terminal/table.js';
import { addProjectStates } from './project-states.js';
import { piiInWords, piiOf, type PiiOptions, withPii } from './pii-options.js';

export interface PolicyOptions extends PiiOptions {
  readonly name?: string;
  readonly tranche?: string;
  readonly leaseTtl?: number;
  readonly grace?: number;
  readonly expiry?: string;
  readonly maxOpenLeases?: number;
  readonly reportInterval?: number;
  readonly senderBinding?: string;
  readonly unbounded?: string;
}

type Run = (action: Action) => Promise<void>;

const MOST_LISTED = 1_000;

export function addProjectCommands(program: Command, run: Run): void {
  const project = program
    .command('project')
    .description('Budgeted pieces of work; name one by its id or its exact name');
  project
    .command('list')
    .description('List them with their balances')
    .option('--search <text>', 'only those whose name holds this')
    .action((options: { search?: string }) =>
      run((context) => listProjects(context, options.search)),
    );
  project
    .command('show')
    .argument('<project>')
    .description('Balance, state and policy of one')
    .action((given: string) => run((context) => showProject(context, given)));
  withPolicy(
    project.command('create').argument('<name>').description('Create one with an empty balance'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage project create Research --tranche 0.25 --pii email=redact --pii phone=off',
    )
    .action((name: string, options: PolicyOptions) =>
      run((context) => createProject(context, name, options)),
    );
  withPolicy(
    project
      .command('set')
      .argument('<project>')
      .description('Rename one or change its policy')
      .option('--name <name>', 'new name'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage project set Research --max-open-leases 20 --expiry charge',
    )
    .action((given: string, options: PolicyOptions) =>
      run((context) => changeProject(context, given, options)),
    );
  addProjectStates(project, run);
}

function withPolicy(command: Command): Command {
  return withPii(command)
    .option('--tranche <dollars>', 'most that an ordinary lease holds', amountArgument)
    .option('--lease-ttl <seconds>', 'life of a lease', wholeNumber('--lease-ttl', 10, 86_400))
    .option(
      '--grace <seconds>',
      'how long an expired lease is held',
      wholeNumber('--grace', 0, 86_400),
    )
    .addOption(
      new Option('--expiry <action>', 'what happens to the unreported rest after it').choices([
        'return',
        'charge',
      ]),
    )
    .option(
      '--max-open-leases <number>',
      'open leases that one key may hold',
      wholeNumber('--max-open-leases', 1, 10_000),
    )
    .option(
      '--report-interval <seconds>',
      'how often agents report',
      wholeNumber('--report-interval', 1, 3_600),
    )
    .addOption(
      new Option(
        '--sender-binding <wanted>',
        'whether agents must prove that a request comes from their session',
      ).choices(['off', 'required']),
    )
    .addOption(
      new Option(
        '--unbounded <action>',
        'what agents do with a call whose cost is not in the request',
      ).choices(['cap', 'block']),
    );
}

/** The part of a policy that the options name; `patterns` are those that there are: they are sent as a whole. */
export function policyOf(
  options: PolicyOptions,
  patterns: readonly PiiPattern[] = [],
): Omit<Partial<Policy>, 'pii'> & { readonly pii?: Partial<PiiPolicy> } {
  const { tranche, leaseTtl, grace, expiry, maxOpenLeases, reportInterval } = options;
  const { senderBinding, unbounded } = options;
  const pii = piiOf(options, patterns);
  return {
    ...(tranche !== undefined && { trancheSize: tranche }),
    ...(leaseTtl !== undefined && { leaseTtlSeconds: leaseTtl }),
    ...(grace !== undefined && { graceSeconds: grace }),
    ...(expiry !== undefined && { expiry }),
    ...(maxOpenLeases !== undefined && { maxOpenLeases }),
    ...(reportInterval !== undefined && { reportIntervalSeconds: reportInterval }),
    ...(senderBinding !== undefined && { senderBinding }),
    ...(unbounded !== undefined && { unbounded }),
    ...(pii && { pii }),
  };
}

export function projectTable(projects: readonly Project[]): Table<Project> {
  return table<Project>(
    [
      { title: 'Name', value: (row) => row.name },
      { title: 'State', value: (row) => row.state },
      { title: 'Available', value: (row) => dollars(row.balance.available), alignRight: true },
      { title: 'Leased', value: (row) => dollars(row.balance.leased), alignRight: true },
      { title: 'Spent', value: (row) => dollars(row.balance.spent), alignRight: true },
      { title: 'Debt', value: (row) => dollars(row.balance.debt), alignRight: true, detail: true },
      { title: 'Agents', value: (row) => String(row.activeAgents), alignRight: true, detail: true },
      { title: 'Id', value: (row) => row.id, detail: true },
    ],
    projects,
    'There is no project yet. Create one: iron-cage project create <name>',
  );
}

async function listProjects(context: Context, search: string | undefined): Promise<undefined> {
  const { items } = await (
    await context.client()
  ).list<Project>('/v1/projects', { search }, MOST_LISTED);
  context.print({ items }, projectTable(items));
  return undefined;
}

async function showProject(context: Context, given: string): Promise<undefined> {
  const project = await findProject(await context.client(), given);
  context.print(project, projectFacts(project));
  return undefined;
}

function projectFacts({
  id,
  name,
  state,
  pauseReason,
  balance,
  policy,
  activeAgents,
  createdAt,
}: Project): string {
  return facts([
    ['Name', name],
    ['Id', id],
    ['State', pauseReason === null ? state : `${state}: ${pauseReason}`],
    ['Available', dollars(balance.available)],
    ['Leased', `${dollars(balance.leased)} by ${plural(activeAgents, 'running agent')}`],
    ['Spent', `${dollars(balance.spent)} of ${dollars(balance.deposited)} deposited`],
    ['Debt', dollars(balance.debt)],
    ['Tranche', dollars(policy.trancheSize)],
    [
      'Lease',
      `${plural(policy.leaseTtlSeconds, 'second')}, then held for ${plural(policy.graceSeconds, 'second')}, then ${policy.expiry}`,
    ],
    [
      'Reports',
      `every ${plural(policy.reportIntervalSeconds, 'second')}, at most ${plural(policy.maxOpenLeases, 'open lease')} a key`,
    ],
    [
      'Binding',
      policy.senderBinding === 'required'
        ? 'required: requests of a session carry its proof'
        : 'off: the key alone acts for a session',
    ],
    [
      'Unbounded',
      policy.unbounded === 'block'
        ? 'block: calls whose cost is not in the request are refused'
        : 'cap: the most that such a call can cost is set aside',
    ],
    ['PII', piiInWords(policy.pii)],
    ['Created', moment(createdAt)],
  ]);
}

async function createProject(
  context: Context,
  name: string,
  options: PolicyOptions,
): Promise<undefined> {
  const policy = policyOf(options);
  const body = { name, ...(Object.keys(policy).length > 0 && { policy }) };
  const project = await (
    await context.client()
  ).send<Project>({ method: 'POST', path: '/v1/projects', body });
  context.print(
    project,
    `Created ${project.name} (${project.id}).\nNext: iron-cage deposit ${quoted(project.name)} 10`,
  );
  return undefined;
}

async function changeProject(
  context: Context,
  given: string,
  options: PolicyOptions,
): Promise<undefined> {
  const client = await context.client();
  const before = await findProject(client, given);
  const policy = policyOf(options, before.policy.pii.patterns);
  const body = {
    ...(options.name !== undefined && { name: options.name }),
    ...(Object.keys(policy).length > 0 && { policy }),
  };
  if (Object.keys(body).length === 0)
    throw usageError(
      'Nothing to change: name at least one option; iron-cage project set --help lists them.',
    );
  const project = await client.send<Project>({
    method: 'PATCH',
    path: `/v1/projects/${before.id}`,
    body,
    repeatable: true,
  });
  context.print(project, projectFacts(project));
  return undefined;
}

function quoted(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}
