import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import type { Member, Organization } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { CREATION_ID_HELP, creating, requestIdOf } from '../request-ids.js';
import { moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import { addMemberChanges } from './member-changes.js';
import { addOrganizationChange } from './organization-change.js';

interface MemberOptions {
  readonly name: string;
  readonly role: string;
  readonly passwordStdin?: boolean;
  readonly generatePassword?: boolean;
}

type Run = (action: Action) => Promise<void>;

export function addOrganizationCommands(program: Command, run: Run): void {
  const organization = program
    .command('organization')
    .alias('org')
    .description('The organizations that you belong to');
  organization
    .command('list')
    .description('List them')
    .action(() => run(listOrganizations));
  organization
    .command('create')
    .argument('<name>')
    .description('Create one that you own (operators only)')
    .option('--request-id <uuid>', CREATION_ID_HELP)
    .action((name: string, { requestId }: { requestId?: string }) =>
      run((context) => createOrganization(context, name, requestId)),
    );
  addOrganizationChange(organization, run);
  const member = program.command('member').description('People in your organization');
  member
    .command('list')
    .description('List them')
    .action(() => run(listMembers));
  member
    .command('add')
    .argument('<email>')
    .description('Add one, with a first password that you hand over')
    .requiredOption('--name <name>', 'full name')
    .requiredOption('--role <role>', 'admin, developer or viewer')
    .option('--password-stdin', 'read the first password from standard input')
    .option('--generate-password', 'make one up and print it')
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage member add ben@acme.com --name "Ben Okri" --role developer --generate-password',
    )
    .action((email: string, options: MemberOptions) =>
      run((context) => addMember(context, email, options)),
    );
  addMemberChanges(member, run);
}

async function listOrganizations(context: Context): Promise<undefined> {
  const answer = await (await context.client()).get<{ items: Organization[] }>('/v1/organizations');
  const text = table<Organization>(
    [
      { title: 'Name', value: (row) => row.name },
      { title: 'Id', value: (row) => row.id },
      { title: 'Time zone', value: (row) => row.timeZone },
      { title: 'Created', value: (row) => moment(row.createdAt), detail: true },
    ],
    answer.items,
  );
  context.print(answer, text);
  return undefined;
}

async function createOrganization(
  context: Context,
  name: string,
  given: string | undefined,
): Promise<undefined> {
  const id = requestIdOf(given);
  const client = await context.client();
  const created = await creating(id, () =>
    client.send<Organization>({
      method: 'POST',
      path: '/v1/organizations',
      body: { id, name },
      repeatable: true,
    }),
  );
  context.print(
    created,
    `Created ${created.name}. To act in it: iron-cage login --organization ${created.id}`,
  );
  return undefined;
}

async function listMembers(context: Context): Promise<undefined> {
  const answer = await (await context.client()).get<{ items: Member[] }>('/v1/members');
  const text = table<Member>(
    [
      { title: 'E-mail', value: (row) => row.email },
      { title: 'Name', value: (row) => row.name },
      { title: 'Role', value: (row) => row.role },
      { title: 'State', value: (row) => row.state },
      { title: 'Since', value: (row) => moment(row.createdAt), detail: true },
    ],
    answer.items,
  );
  context.print(answer, text);
  return undefined;
}

async function addMember(
  context: Context,
  email: string,
  options: MemberOptions,
): Promise<undefined> {
  const client = await context.client();
  const password = await firstPassword(context, options);
  const body = { email, name: options.name, role: options.role, password };
  const member = await client.send<Member>({ method: 'POST', path: '/v1/members', body });
  const generated = options.generatePassword === true;
  context.print(
    generated ? { ...member, password } : member,
    `Added ${member.email} as ${member.role}.${generated ? `\nFirst password, shown only here: ${password}` : ''}`,
  );
  return undefined;
}

function firstPassword(context: Context, options: MemberOptions): Promise<string> {
  if (options.generatePassword === true)
    return Promise.resolve(randomBytes(15).toString('base64url'));
  if (options.passwordStdin === true) return context.prompt.standardInput();
  return context.prompt.newPassword('--password-stdin or --generate-password');
}
