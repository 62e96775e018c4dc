import { type Command, Option } from 'commander';
import type { Key } from '../api/types.js';
import type { Action, Context } from '../context.js';
import { findKeyId, findProject } from '../resolve.js';
import { moment, wholeNumber } from '../terminal/format.js';
import { table } from '../terminal/table.js';

interface CreateOptions {
  readonly name: string;
  readonly environment: string;
  readonly expiresInDays?: number;
}

type Run = (action: Action) => Promise<void>;

const MOST_LISTED = 1_000;

export function addKeyCommands(program: Command, run: Run): void {
  const key = program.command('key').description('Iron Cage keys, which agents run with');
  key
    .command('create')
    .argument('<project>')
    .description('Create one; it is shown only now')
    .option('--name <name>', 'what lists call it', 'cli')
    .addOption(
      new Option('--environment <environment>', 'dev or live')
        .choices(['dev', 'live'])
        .default('dev'),
    )
    .option(
      '--expires-in-days <days>',
      '90 unless given',
      wholeNumber('--expires-in-days', 1, 3_650),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  iron-cage key create Research --name worker --environment live\n  export IRON_CAGE_KEY=$(iron-cage key create Research --json | jq -r .secret)',
    )
    .action((given: string, options: CreateOptions) =>
      run((context) => createKey(context, given, options)),
    );
  key
    .command('list')
    .description('List them; never the secret part')
    .option('--project <project>', 'only of this project')
    .action((options: { project?: string }) =>
      run((context) => listKeys(context, options.project)),
    );
  key
    .command('revoke')
    .argument('<key>', 'its id, its prefix or its name')
    .description('Revoke one for good; running agents stop within two seconds')
    .action((given: string) => run((context) => revokeKey(context, given)));
}

async function createKey(
  context: Context,
  given: string,
  options: CreateOptions,
): Promise<undefined> {
  const client = await context.client();
  const project = await findProject(client, given);
  const { name, environment, expiresInDays } = options;
  const body = { name, environment, ...(expiresInDays !== undefined && { expiresInDays }) };
  const created = await client.send<{ key: Key; secret: string }>({
    method: 'POST',
    path: `/v1/projects/${project.id}/keys`,
    body,
  });
  context.print(created, created.secret);
  context.note(
    `Key "${created.key.name}" for ${project.name}, until ${moment(created.key.expiresAt)}. It is shown only now.`,
  );
  context.note(`Run your agent with IRON_CAGE_KEY set to it and IRON_CAGE_URL=${client.url}`);
  return undefined;
}

async function listKeys(context: Context, given: string | undefined): Promise<undefined> {
  const client = await context.client();
  const projectId = given === undefined ? undefined : (await findProject(client, given)).id;
  const { items } = await client.list<Key>('/v1/keys', { projectId }, MOST_LISTED);
  const text = table<Key>(
    [
      { title: 'Prefix', value: (row) => row.prefix },
      { title: 'Name', value: (row) => row.name },
      { title: 'Project', value: (row) => row.projectName },
      { title: 'State', value: (row) => row.state },
      { title: 'Last used', value: (row) => moment(row.lastUsedAt) },
      { title: 'Expires', value: (row) => moment(row.expiresAt) },
    ],
    items,
    'There is no key yet. Create one: iron-cage key create <project>',
  );
  context.print({ items }, text);
  return undefined;
}

async function revokeKey(context: Context, given: string): Promise<undefined> {
  const client = await context.client();
  const id = await findKeyId(client, given);
  const key = await client.send<Key>({
    method: 'DELETE',
    path: `/v1/keys/${id}`,
    repeatable: true,
  });
  context.print(key, `${key.prefix} ("${key.name}") is revoked.`);
  return undefined;
}
