import { Argument, type Command } from 'commander';
import type { ApiClient } from '../api/api-client.js';
import type { Member } from '../api/types.js';
import { CliError, usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { closest } from '../terminal/closest.js';

type Run = (action: Action) => Promise<void>;

const ROLES = ['owner', 'admin', 'developer', 'viewer'];

/** Adds what changes a member to the `member` command. */
export function addMemberChanges(member: Command, run: Run): void {
  member
    .command('role')
    .argument('<email>')
    .addArgument(new Argument('<role>', 'what they may do from now on').choices(ROLES))
    .description('Change the role of one; it counts at once')
    .action((email: string, role: string) =>
      run((context) => change(context, email, { role }, `is ${role} now.`)),
    );
  member
    .command('disable')
    .argument('<email>')
    .description('End their logins and keep them out, until enabled')
    .action((email: string) =>
      run((context) => change(context, email, { disabled: true }, 'is disabled.')),
    );
  member
    .command('enable')
    .argument('<email>')
    .description('Let a disabled one sign in again')
    .action((email: string) =>
      run((context) => change(context, email, { disabled: false }, 'may sign in again.')),
    );
  member
    .command('remove')
    .argument('<email>')
    .description('Remove one; keys that they made stay valid')
    .action((email: string) => run((context) => remove(context, email)));
}

/** @param program for `password`, which is about oneself */
export function addPasswordCommand(program: Command, run: Run): void {
  program
    .command('password')
    .description('Change your own password; ends your other logins')
    .option('--password-stdin', 'read the current and the new password, a line each')
    .action((options: { passwordStdin?: boolean }) =>
      run((context) => changePassword(context, options.passwordStdin ?? false)),
    );
}

async function change(
  context: Context,
  email: string,
  body: object,
  done: string,
): Promise<undefined> {
  const client = await context.client();
  const { userId } = await findMember(client, email);
  const member = await client.send<Member>({
    method: 'PATCH',
    path: `/v1/members/${userId}`,
    body,
    repeatable: true,
  });
  context.print(member, `${member.email} ${done}`);
  return undefined;
}

async function remove(context: Context, email: string): Promise<undefined> {
  const client = await context.client();
  const member = await findMember(client, email);
  await client.send({ method: 'DELETE', path: `/v1/members/${member.userId}` });
  context.print(member, `${member.email} is no member any more.`);
  return undefined;
}

async function changePassword(context: Context, fromStdin: boolean): Promise<undefined> {
  const client = await context.client();
  const [currentPassword, newPassword] = fromStdin
    ? twoLines(await context.prompt.standardInput())
    : [
        await context.prompt.hidden('Current password: ', '--password-stdin'),
        await context.prompt.newPassword('--password-stdin'),
      ];
  await client.send({
    method: 'PUT',
    path: '/v1/auth/password',
    body: { currentPassword, newPassword },
  });
  context.print({ changed: true }, 'The password is changed; your other logins have ended.');
  return undefined;
}

function twoLines(text: string): [string, string] {
  const [current, next, ...more] = text.split(/\r?\n/);
  if (current !== undefined && next !== undefined && more.every((line) => line === ''))
    return [current, next];
  throw usageError('Give two lines: the current password, then the new one.');
}

async function findMember(client: ApiClient, email: string): Promise<Member> {
  const { items } = await client.get<{ items: Member[] }>('/v1/members');
  const wanted = email.trim().toLowerCase();
  const found = items.find((member) => member.email === wanted);
  if (found) return found;
  const meant = closest(
    wanted,
    items.map((member) => member.email),
  );
  const hint =
    meant === undefined ? 'List them with: iron-cage member list' : `Did you mean "${meant}"?`;
  throw new CliError('NOT_FOUND', `There is no member with the address "${email}". ${hint}`);
}
