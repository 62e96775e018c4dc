import type { Command } from 'commander';
import type { Organization } from '../api/types.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { wholeNumber } from '../terminal/format.js';
import { facts } from '../terminal/table.js';

interface ChangeOptions {
  readonly name?: string;
  readonly timeZone?: string;
  readonly monthStartsOn?: number;
}

type Run = (action: Action) => Promise<void>;

export function addOrganizationChange(organization: Command, run: Run): void {
  organization
    .command('set')
    .description('Rename yours, or set the calendar of its budgets')
    .option('--name <name>', 'new name')
    .option('--time-zone <zone>', 'where days begin at midnight, such as Europe/Berlin')
    .option(
      '--month-starts-on <day>',
      'day on which months start, for budgets that follow an invoice',
      wholeNumber('--month-starts-on', 1, 28),
    )
    .addHelpText('after', '\nExample:\n  iron-cage organization set --time-zone Europe/Berlin')
    .action((options: ChangeOptions) => run((context) => changeOrganization(context, options)));
}

async function changeOrganization(context: Context, options: ChangeOptions): Promise<undefined> {
  const { name, timeZone, monthStartsOn } = options;
  const body = {
    ...(name !== undefined && { name }),
    ...(timeZone !== undefined && { timeZone }),
    ...(monthStartsOn !== undefined && { monthStartsOn }),
  };
  if (Object.keys(body).length === 0)
    throw usageError('Say what to change: --name, --time-zone or --month-starts-on.');
  const client = await context.client();
  const organization = await client.send<Organization>({
    method: 'PATCH',
    path: '/v1/organization',
    body,
    repeatable: true,
  });
  context.print(
    organization,
    facts([
      ['Name', organization.name],
      ['Time zone', organization.timeZone],
      ['Months start', `on day ${String(organization.monthStartsOn)}`],
    ]),
  );
  return undefined;
}
