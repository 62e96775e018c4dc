import type { Command } from 'commander';
import { actorNames } from '../actor-names.js';
import { newId } from '../../kernel/ids.js';
import type { ApiClient } from '../api/api-client.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { CREATION_ID_HELP, creating, requestIdOf } from '../request-ids.js';
import { findProject } from '../resolve.js';
import { amountArgument, dollars, limitAmount, moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';

type Run = (action: Action) => Promise<void>;

interface Budget {
  readonly id: string;
  readonly scope: string;
  readonly scopeName: string;
  readonly window: string;
  readonly limit: string;
  readonly raised: string;
  readonly models: readonly string[];
  readonly tags: readonly string[];
  readonly spent: string;
  readonly leased: string;
  readonly available: string;
  readonly nextResetAt: string | null;
}

interface Ask {
  readonly id: string;
  readonly projectName: string;
  readonly budgetId: string | null;
  readonly amount: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly state: string;
}

interface CreateOptions {
  readonly project?: string;
  readonly key?: string;
  readonly member?: string;
  readonly model: readonly string[];
  readonly tag: readonly string[];
  readonly requestId?: string;
}

const MOST = 200;
const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function addBudgetCommands(program: Command, run: Run): void {
  const budget = program
    .command('budget')
    .description('Limits over a day, week, month, or in total');
  budget
    .command('list')
    .description('Budgets with what is spent and leased in their current window')
    .action(() => run(listBudgets));
  budget
    .command('create')
    .argument('<window>', 'day, week, month or total')
    .argument('<limit>', 'dollars')
    .description('Limit the organization, or one project, key or member')
    .option('--project <project>', 'only this project')
    .option('--key <id>', 'only this Iron Cage key')
    .option('--member <user id>', 'only keys that this member made')
    .option('--model <glob>', 'only these models, such as gpt-5*; may be given again', collect, [])
    .option('--tag <tag>', 'only these tags; may be given again', collect, [])
    .option('--request-id <uuid>', CREATION_ID_HELP)
    .action((window: string, limit: string, options: CreateOptions) =>
      run((context) => createBudget(context, window, limit, options)),
    );
  budget
    .command('set')
    .argument('<budget id>')
    .argument('<limit>', 'dollars')
    .description('Change a limit')
    .action((id: string, limit: string) => run((context) => setLimit(context, id, limit)));
  budget
    .command('raise')
    .argument('<budget id>')
    .argument('<amount>', 'dollars')
    .requiredOption('--reason <text>', 'why; it is audited')
    .option('--until <time>', 'ISO 8601; when the current window ends unless given')
    .description('Raise a limit for a time')
    .action((id: string, amount: string, options: { reason: string; until?: string }) =>
      run((context) => raiseBudget(context, id, amount, options)),
    );
  budget
    .command('remove')
    .argument('<budget id>')
    .description('Stop limiting; what was counted is kept')
    .action((id: string) => run((context) => removeBudget(context, id)));
  addRequestCommands(budget, run);
}

function addRequestCommands(budget: Command, run: Run): void {
  budget
    .command('requests')
    .description('Requests for more budget, newest first')
    .option('--all', 'decided ones too')
    .action((options: { all?: boolean }) =>
      run((context) => listAsks(context, options.all === true)),
    );
  budget
    .command('approve')
    .argument('<request id>')
    .description('Grant a request: a raise until the window ends, or a deposit')
    .option('--amount <dollars>', 'other than what was asked for')
    .action((id: string, options: { amount?: string }) =>
      run((context) =>
        decide(
          context,
          id,
          'approve',
          options.amount === undefined ? {} : { amount: amountArgument(options.amount) },
        ),
      ),
    );
  budget
    .command('decline')
    .argument('<request id>')
    .description('Decline a request')
    .option('--note <text>', 'told to whoever asked')
    .action((id: string, options: { note?: string }) =>
      run((context) =>
        decide(context, id, 'decline', options.note === undefined ? {} : { note: options.note }),
      ),
    );
}

async function listBudgets(context: Context): Promise<undefined> {
  const client = await context.client();
  const { items } = await client.send<{ items: Budget[] }>({ method: 'GET', path: '/v1/budgets' });
  const text = table<Budget>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Of', value: (row) => `${row.scope} ${row.scopeName}` },
      { title: 'Per', value: (row) => row.window },
      {
        title: 'Only',
        detail: true,
        value: (row) => [...row.models, ...row.tags.map((tag) => `#${tag}`)].join(' '),
      },
      { title: 'Limit', value: (row) => dollars(row.limit), alignRight: true },
      {
        title: 'Raised',
        detail: true,
        value: (row) => (/[1-9]/.test(row.raised) ? dollars(row.raised) : ''),
        alignRight: true,
      },
      { title: 'Spent', value: (row) => dollars(row.spent), alignRight: true },
      { title: 'Leased', value: (row) => dollars(row.leased), alignRight: true, detail: true },
      { title: 'Available', value: (row) => dollars(row.available), alignRight: true },
      {
        title: 'Resets',
        detail: true,
        value: (row) => (row.nextResetAt === null ? 'never' : moment(row.nextResetAt)),
      },
    ],
    items,
    'No budget limits anything yet; balances do. Make one with: iron-cage budget create month 100',
  );
  context.print({ items }, text);
  return undefined;
}

async function createBudget(
  context: Context,
  window: string,
  limit: string,
  options: CreateOptions,
): Promise<undefined> {
  const id = requestIdOf(options.requestId);
  const client = await context.client();
  const body = {
    id,
    ...(await scopeOf(client, options)),
    window,
    limit: limitAmount(limit),
    ...(options.model.length > 0 && { models: options.model }),
    ...(options.tag.length > 0 && { tags: options.tag }),
  };
  const made = await creating(id, () =>
    client.send<Budget>({ method: 'POST', path: '/v1/budgets', body, repeatable: true }),
  );
  context.print(
    made,
    `Limited ${made.scope} ${made.scopeName} to ${dollars(made.limit)} per ${made.window}. Budget ${made.id}`,
  );
  return undefined;
}

async function scopeOf(
  client: ApiClient,
  { project, key, member }: CreateOptions,
): Promise<object> {
  if ([project, key, member].filter((given) => given !== undefined).length > 1) {
    throw usageError('Give one of --project, --key and --member.');
  }
  if (project !== undefined)
    return { scope: 'project', scopeId: (await findProject(client, project)).id };
  if (key !== undefined) return { scope: 'key', scopeId: key };
  if (member !== undefined) return { scope: 'member', scopeId: member };
  return { scope: 'organization' };
}

async function setLimit(context: Context, id: string, limit: string): Promise<undefined> {
  const client = await context.client();
  const budget = await client.send<Budget>({
    method: 'PATCH',
    path: `/v1/budgets/${encodeURIComponent(id)}`,
    body: { limit: limitAmount(limit) },
  });
  context.print(
    budget,
    `The limit is ${dollars(budget.limit)} now; ${dollars(budget.available)} is available.`,
  );
  return undefined;
}

async function raiseBudget(
  context: Context,
  id: string,
  amount: string,
  options: { reason: string; until?: string },
): Promise<undefined> {
  const client = await context.client();
  const budget = await client.send<Budget>({
    method: 'POST',
    path: `/v1/budgets/${encodeURIComponent(id)}/raises`,
    body: {
      requestId: newId(),
      amount: amountArgument(amount),
      reason: options.reason,
      ...(options.until !== undefined && { endsAt: options.until }),
    },
    repeatable: true,
  });
  context.print(
    budget,
    `Raised by ${dollars(amountArgument(amount))}; ${dollars(budget.available)} is available.`,
  );
  return undefined;
}

async function removeBudget(context: Context, id: string): Promise<undefined> {
  const client = await context.client();
  await client.send<undefined>({ method: 'DELETE', path: `/v1/budgets/${encodeURIComponent(id)}` });
  context.print({ removed: id }, 'Removed. It limits nothing any more.');
  return undefined;
}

async function listAsks(context: Context, all: boolean): Promise<undefined> {
  const client = await context.client();
  const { items, more } = await client.list<Ask>(
    '/v1/budget-requests',
    { state: all ? undefined : 'open' },
    MOST,
  );
  const nameOf = await actorNames(client);
  const text = table<Ask>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Asked', value: (row) => moment(row.requestedAt), detail: true },
      { title: 'Project', value: (row) => row.projectName, detail: true },
      {
        title: 'For',
        value: (row) => (row.budgetId === null ? 'balance' : `budget ${row.budgetId}`),
      },
      { title: 'Amount', value: (row) => dollars(row.amount), alignRight: true },
      { title: 'By', value: (row) => nameOf(row.requestedBy) },
      { title: 'State', value: (row) => row.state },
      { title: 'Reason', value: (row) => row.reason },
    ],
    items,
    all ? 'Nobody has asked for more yet.' : 'No request waits for a decision.',
  );
  context.print({ items, more }, text);
  return undefined;
}

async function decide(
  context: Context,
  id: string,
  decision: 'approve' | 'decline',
  body: object,
): Promise<undefined> {
  const client = await context.client();
  const ask = await client.send<Ask>({
    method: 'POST',
    path: `/v1/budget-requests/${encodeURIComponent(id)}/${decision}`,
    body,
  });
  context.print(
    ask,
    `The request of ${dollars(ask.amount)} for ${ask.projectName} is ${ask.state}.`,
  );
  return undefined;
}
