import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { Me, Organization, SignIn } from '../api/types.js';
import { CliError, usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { facts } from '../terminal/table.js';

interface SetupOptions {
  readonly token?: string;
  readonly organization?: string;
  readonly name?: string;
  readonly email?: string;
  readonly passwordStdin?: boolean;
}

interface LoginOptions {
  readonly email?: string;
  readonly organization?: string;
  readonly passwordStdin?: boolean;
}

type Run = (action: Action) => Promise<void>;

const PASSWORD_OTHERWISE = '--password-stdin or IRON_CAGE_PASSWORD';

export function addSessionCommands(program: Command, run: Run): void {
  program
    .command('setup')
    .description('Create the first organization and its owner, once, and sign in')
    .option('--token <token>', 'the set-up token; read from the data folder unless given')
    .option('--organization <name>', 'name of the organization')
    .option('--name <name>', "the owner's name")
    .option('--email <email>', "the owner's e-mail address")
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage setup --organization Acme --name "Rosa Lind" --email rosa@acme.com',
    )
    .action((options: SetupOptions) => run((context) => setUp(context, options)));
  program
    .command('login')
    .description('Sign in; the login is saved for the next commands')
    .option('--email <email>', 'your e-mail address (or IRON_CAGE_EMAIL)')
    .option('--organization <id>', 'the organization to act in, when you belong to several')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText(
      'after',
      '\nExample:\n  iron-cage login --email rosa@acme.com\n  pass show iron-cage | iron-cage login --email rosa@acme.com --password-stdin',
    )
    .action((options: LoginOptions) => run((context) => logIn(context, options)));
  program
    .command('logout')
    .description('End the saved login')
    .action(() => run(logOut));
  program
    .command('whoami')
    .description('Who you are, where, and what you may do')
    .action(() => run(whoAmI));
}

async function setUp(context: Context, options: SetupOptions): Promise<undefined> {
  const client = await context.client();
  const { required } = await client.open<{ required: boolean }>({
    method: 'GET',
    path: '/v1/setup',
  });
  if (!required)
    throw new CliError(
      'SETUP_DONE',
      `This installation is set up already. Sign in: iron-cage login`,
    );
  const token = options.token ?? (await savedToken(context));
  const { prompt } = context;
  const organizationName =
    options.organization ?? (await prompt.line('Organization: ', '--organization'));
  const name = options.name ?? (await prompt.line('Your name: ', '--name'));
  const email =
    options.email ??
    context.environment.email ??
    (await prompt.line('E-mail address: ', '--email'));
  const password =
    options.passwordStdin === true
      ? await prompt.standardInput()
      : (context.environment.password ?? (await prompt.newPassword(PASSWORD_OTHERWISE)));
  const answer = await client.signIn({
    method: 'POST',
    path: '/v1/setup',
    body: { token, organizationName, name, email, password },
  });
  context.print(
    identity(client.url, answer),
    `${answer.organization.name} is set up, and you are signed in as ${answer.user.email}.\nNext: iron-cage project create <name>`,
  );
  return undefined;
}

/** The server leaves its token in the data folder until the set-up is done. */
async function savedToken(context: Context): Promise<string> {
  const files = context.environment.dataFolders.map((folder) => path.join(folder, 'setup-token'));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw usageError(
      `The set-up token is not in ${files.join(' or ')}. Give the one that the server printed: --token`,
    );
  }
  return (await readFile(file, 'utf8')).trim();
}

async function logIn(context: Context, options: LoginOptions): Promise<undefined> {
  const client = await context.client();
  const { prompt, environment } = context;
  const email =
    options.email ?? environment.email ?? (await prompt.line('E-mail address: ', '--email'));
  const password =
    options.passwordStdin === true
      ? await prompt.standardInput()
      : (environment.password ?? (await prompt.hidden('Password: ', PASSWORD_OTHERWISE)));
  const body = {
    email,
    password,
    ...(options.organization !== undefined && { organizationId: options.organization }),
  };
  const answer = await client.signIn({ method: 'POST', path: '/v1/auth/login', body });
  context.print(
    identity(client.url, answer),
    `Signed in at ${client.url} as ${answer.user.email}, ${answer.role} of ${answer.organization.name}.`,
  );
  return undefined;
}

async function logOut(context: Context): Promise<undefined> {
  const client = await context.client();
  const ended = await client.signOut();
  context.print(
    { url: client.url, ended },
    ended ? `Signed out at ${client.url}.` : `You were not signed in at ${client.url}.`,
  );
  return undefined;
}

async function whoAmI(context: Context): Promise<undefined> {
  const client = await context.client();
  const me = await client.get<Me>('/v1/auth/me');
  const { items } = await client.get<{ items: Organization[] }>('/v1/organizations');
  const organization = items.find(({ id }) => id === me.organizationId);
  context.print(
    { url: client.url, ...me },
    facts([
      ['Server', client.url],
      ['E-mail', me.email],
      ['Organization', `${organization?.name ?? ''} (${me.organizationId})`.trim()],
      ['Role', me.role],
      ['May', me.permissions.join(', ')],
    ]),
  );
  return undefined;
}

/** Without the tokens: they are nobody's business, not even a pipe's. */
function identity(url: string, { user, organization, role }: SignIn): object {
  return { url, user, organization, role };
}
