import type { Command } from 'commander';
import type { Balance, Lease, LedgerEntry, Project } from '../api/types.js';
import { actorNames } from '../actor-names.js';
import type { Action, Context } from '../context.js';
import { movingMoney, REQUEST_ID_HELP, requestIdOf } from '../request-ids.js';
import { findProject } from '../resolve.js';
import { amountArgument, dollars, moment, signedDollars, wholeNumber } from '../terminal/format.js';
import { facts, table } from '../terminal/table.js';
import { projectTable } from './projects.js';

interface TransferOptions {
  readonly reason?: string;
  readonly requestId?: string;
}

interface LeaseOptions {
  readonly open?: boolean;
  readonly project?: string;
  readonly limit: number;
}

type Run = (action: Action) => Promise<void>;
type Direction = 'deposits' | 'withdrawals';

const DEFAULT_LIMIT = 50;
const MOST_PROJECTS = 1_000;
const limitArgument = wholeNumber('--limit', 1, 10_000);

export function addMoneyCommands(program: Command, run: Run): void {
  const transferCommand = (name: string, description: string, direction: Direction): void => {
    program
      .command(name)
      .argument('<project>')
      .argument('<amount>', 'dollars, such as 25 or 0.50')
      .description(description)
      .option('--reason <text>', 'shown in the ledger')
      .option('--request-id <uuid>', REQUEST_ID_HELP)
      .action((given: string, amount: string, options: TransferOptions) =>
        run((context) => transfer(context, direction, given, amount, options)),
      );
  };
  transferCommand('deposit', 'Add money to a project', 'deposits');
  transferCommand('withdraw', 'Take free money out of a project', 'withdrawals');
  program
    .command('balance')
    .argument('[project]')
    .description('Balances of one project, or of all')
    .action((given: string | undefined) => run((context) => showBalance(context, given)));
  program
    .command('leases')
    .description('Money that agents hold or held, newest first')
    .option('--open', 'only what is held now')
    .option('--project <project>', 'only of this project')
    .option('--limit <number>', 'how many', limitArgument, DEFAULT_LIMIT)
    .action((options: LeaseOptions) => run((context) => listLeases(context, options)));
  program
    .command('ledger')
    .argument('<project>')
    .description('Every change of the free balance, newest first')
    .option('--limit <number>', 'how many', limitArgument, DEFAULT_LIMIT)
    .action((given: string, options: { limit: number }) =>
      run((context) => showLedger(context, given, options.limit)),
    );
}

async function transfer(
  context: Context,
  direction: Direction,
  given: string,
  typed: string,
  options: TransferOptions,
): Promise<undefined> {
  const amount = amountArgument(typed);
  const requestId = requestIdOf(options.requestId);
  const client = await context.client();
  const project = await findProject(client, given);
  const body = {
    requestId,
    amount,
    ...(options.reason !== undefined && { reason: options.reason }),
  };
  // The same id makes a repeat harmless, so it is repeated until an answer comes.
  const balance = await movingMoney(requestId, () =>
    client.send<Balance>({
      method: 'POST',
      path: `/v1/projects/${project.id}/${direction}`,
      body,
      repeatable: true,
    }),
  );
  const verb = direction === 'deposits' ? 'Deposited' : 'Withdrew';
  context.print(
    { requestId, ...balance },
    `${verb} ${dollars(amount)}. ${project.name} has ${dollars(balance.available)} available.`,
  );
  return undefined;
}

async function showBalance(context: Context, given: string | undefined): Promise<undefined> {
  const client = await context.client();
  if (given === undefined) {
    const { items } = await client.list<Project>('/v1/projects', {}, MOST_PROJECTS);
    context.print(
      {
        items: items.map(({ id, name, balance }) => ({
          projectId: id,
          projectName: name,
          ...balance,
        })),
      },
      projectTable(items),
    );
    return undefined;
  }
  const { id, name, balance } = await findProject(client, given);
  const text = facts([
    ['Available', dollars(balance.available)],
    ['Leased', dollars(balance.leased)],
    ['Spent', dollars(balance.spent)],
    ['Deposited', dollars(balance.deposited)],
    ['Debt', dollars(balance.debt)],
  ]);
  context.print({ projectId: id, projectName: name, ...balance }, text);
  return undefined;
}

async function listLeases(context: Context, options: LeaseOptions): Promise<undefined> {
  const client = await context.client();
  const projectId =
    options.project === undefined ? undefined : (await findProject(client, options.project)).id;
  const { items, more } = await client.list<Lease>(
    '/v1/leases',
    { projectId, open: options.open === true ? true : undefined },
    options.limit,
  );
  const text = table<Lease>(
    [
      { title: 'Granted', value: (row) => moment(row.grantedAt) },
      { title: 'Project', value: (row) => row.projectName },
      { title: 'Agent', value: (row) => row.agent },
      { title: 'IP', value: (row) => row.ip, detail: true },
      { title: 'Key', value: (row) => row.keyId, detail: true },
      { title: 'State', value: (row) => row.state },
      { title: 'Amount', value: (row) => dollars(row.amount), alignRight: true },
      { title: 'Used', value: (row) => dollars(row.used), alignRight: true },
      { title: 'Late', value: (row) => dollars(row.late), alignRight: true, detail: true },
      { title: 'Expires', value: (row) => moment(row.expiresAt), detail: true },
    ],
    items,
    options.open === true ? 'No agent holds money now.' : 'No lease was granted yet.',
  );
  context.print({ items, more }, text);
  noteMore(context, more);
  return undefined;
}

async function showLedger(context: Context, given: string, limit: number): Promise<undefined> {
  const client = await context.client();
  const { id } = await findProject(client, given);
  const { items, more } = await client.list<LedgerEntry>(`/v1/projects/${id}/ledger`, {}, limit);
  const nameOf = await actorNames(client);
  const text = table<LedgerEntry>(
    [
      { title: 'At', value: (row) => moment(row.at) },
      { title: 'Kind', value: (row) => row.kind },
      { title: 'Change', value: (row) => signedDollars(row.amount), alignRight: true },
      { title: 'By', value: (row) => nameOf(row.actor) },
      { title: 'Lease', value: (row) => row.leaseId ?? '', detail: true },
      { title: 'Reason', value: (row) => row.reason ?? '' },
    ],
    items,
    'The ledger is empty.',
  );
  context.print({ items, more }, text);
  noteMore(context, more);
  return undefined;
}

function noteMore(context: Context, more: boolean): void {
  if (more) context.note('There are more; show them with --limit.');
}
