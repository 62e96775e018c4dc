import { type Command, Option } from 'commander';
import type { Key } from '../api/types.js';
import type { Action, Context } from '../context.js';
import {
  CREATION_ID_HELP,
  creating,
  requestIdOf,
  rotating,
  ROTATION_ID_HELP,
} from '../request-ids.js';
import { findKeyId, findProject } from '../resolve.js';
import { moment, wholeNumber } from '../terminal/format.js';
import { table } from '../terminal/table.js';

interface Rules {
  readonly scope?: readonly string[];
  readonly allow?: readonly string[];
  readonly model?: readonly string[];
  readonly requestsPerMinute?: number;
}

interface CreateOptions extends Rules {
  readonly name: string;
  readonly environment: string;
  readonly expiresInDays?: number;
  readonly spendCap?: string;
  readonly requestId?: string;
}

interface RotateOptions {
  readonly requestId?: string;
  readonly overlapMinutes?: number;
  readonly expiresInDays?: number;
}

interface UpdateOptions extends Rules {
  readonly name?: string;
  readonly anywhere?: boolean;
  readonly anyModel?: boolean;
}

interface CreatedKey {
  readonly key: Key;
  readonly secret: string;
}

type Run = (action: Action) => Promise<void>;

const MOST_LISTED = 1_000;
const EXPIRY = ['--expires-in-days <days>', '90 unless given'] as const;

export function addKeyCommands(program: Command, run: Run): void {
  const key = program.command('key').description('Iron Cage keys, which agents run with');
  addCreate(key, run);
  addRules(key.command('update').argument('<key>', 'its id, its prefix or its name'))
    .description('Rename one, or change what it may do; counts everywhere within a second')
    .option('--name <name>', 'what lists call it')
    .option('--anywhere', 'from every address again')
    .option('--any-model', 'for every model again')
    .action((given: string, options: UpdateOptions) =>
      run((context) => updateKey(context, given, options)),
    );
  key
    .command('list')
    .description('List them; never the secret part')
    .option('--project <project>', 'only of this project')
    .action((options: { project?: string }) =>
      run((context) => listKeys(context, options.project)),
    );
  key
    .command('rotate')
    .argument('<key>', 'its id, its prefix or its name')
    .description('Give one a new secret; its limits, budget and history stay')
    .option(
      '--overlap-minutes <minutes>',
      'how long the old secret still works; 60 unless given',
      wholeNumber('--overlap-minutes', 0, 43_200),
    )
    .option(...EXPIRY, wholeNumber('--expires-in-days', 1, 3_650))
    .option('--request-id <id>', ROTATION_ID_HELP)
    .action((given: string, options: RotateOptions) =>
      run((context) => rotateKey(context, given, options)),
    );
  key
    .command('revoke')
    .argument('<key>', 'its id, its prefix or its name')
    .description('Revoke one for good; running agents stop within two seconds')
    .action((given: string) => run((context) => revokeKey(context, given)));
  key
    .command('rotate-pepper')
    .description(
      'Hash all keys under a new pepper (operators), and make a new secret for proofs of sessions',
    )
    .action(() => run(rotatePepper));
}

function addCreate(key: Command, run: Run): void {
  addRules(key.command('create').argument('<project>'))
    .description('Create one; it is shown only now')
    .option('--name <name>', 'what lists call it', 'cli')
    .addOption(
      new Option('--environment <environment>', 'dev or live')
        .choices(['dev', 'live'])
        .default('dev'),
    )
    .option(...EXPIRY, wholeNumber('--expires-in-days', 1, 3_650))
    .option('--spend-cap <dollars>', 'most that it may ever spend')
    .option('--request-id <uuid>', CREATION_ID_HELP)
    .addHelpText(
      'after',
      '\nExamples:\n  iron-cage key create Research --name worker --environment live\n  iron-cage key create Research --allow 203.0.113.0/24 --model "gpt-5*" --spend-cap 50\n  export IRON_CAGE_KEY=$(iron-cage key create Research --json | jq -r .secret)',
    )
    .action((given: string, options: CreateOptions) =>
      run((context) => createKey(context, given, options)),
    );
}

function addRules(command: Command): Command {
  return command
    .option(
      '--scope <scopes...>',
      'what it may do: bootstrap, lease, report, listen; all unless given',
    )
    .option('--allow <ranges...>', 'addresses or CIDR ranges that it may be used from')
    .option('--model <globs...>', 'models that it may be used for, such as "gpt-5*"')
    .option(
      '--requests-per-minute <count>',
      'its own limit',
      wholeNumber('--requests-per-minute', 1, 1_000_000),
    );
}

/** What was given, as the server takes it. */
function rulesOf({ scope, allow, model, requestsPerMinute }: Rules): object {
  return {
    ...(scope && { scopes: scope }),
    ...(allow && { allowedAddresses: allow }),
    ...(model && { models: model }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
  };
}

async function createKey(
  context: Context,
  given: string,
  options: CreateOptions,
): Promise<undefined> {
  const requestId = requestIdOf(options.requestId);
  const client = await context.client();
  const project = await findProject(client, given);
  const { name, environment, expiresInDays, spendCap } = options;
  const body = {
    requestId,
    name,
    environment,
    ...(expiresInDays !== undefined && { expiresInDays }),
    ...(spendCap !== undefined && { spendCap }),
    ...rulesOf(options),
  };
  const created = await creating(requestId, () =>
    client.send<CreatedKey>({ method: 'POST', path: `/v1/projects/${project.id}/keys`, body }),
  );
  context.print(created, created.secret);
  context.note(
    `Key "${created.key.name}" for ${project.name}, until ${moment(created.key.expiresAt)}. It is shown only now.`,
  );
  context.note(`Run your agent with IRON_CAGE_KEY set to it and IRON_CAGE_URL=${client.url}`);
  return undefined;
}

async function updateKey(
  context: Context,
  given: string,
  { name, anywhere, anyModel, ...options }: UpdateOptions,
): Promise<undefined> {
  const client = await context.client();
  const id = await findKeyId(client, given);
  const body = {
    ...(name !== undefined && { name }),
    ...rulesOf(options),
    ...(anywhere && { allowedAddresses: [] }),
    ...(anyModel && { models: [] }),
  };
  const key = await client.send<Key>({ method: 'PATCH', path: `/v1/keys/${id}`, body });
  context.print(key, `${key.prefix} ("${key.name}") is changed.`);
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
      { title: 'State', value: (row) => (row.expiresSoon ? 'expires soon' : row.state) },
      { title: 'Last used', value: (row) => moment(row.lastUsedAt), detail: true },
      { title: 'From', value: addressesOf, detail: true },
      { title: 'Expires', value: (row) => moment(row.expiresAt), detail: true },
    ],
    items,
    'There is no key yet. Create one: iron-cage key create <project>',
  );
  context.print({ items }, text);
  const expiring = items.filter(({ expiresSoon }) => expiresSoon);
  for (const { name, id } of expiring.slice(0, 5))
    context.note(`"${name}" expires soon. Rotate it: iron-cage key rotate ${id}`);
  return undefined;
}

function addressesOf({ recentAddresses: [newest, ...others] }: Key): string {
  if (!newest) return '';
  return others.length === 0 ? newest.address : `${newest.address} +${others.length}`;
}

async function rotateKey(
  context: Context,
  given: string,
  options: RotateOptions,
): Promise<undefined> {
  const requestId = requestIdOf(options.requestId);
  const client = await context.client();
  const id = await findKeyId(client, given);
  const body = { ...options, requestId };
  const rotated = await rotating(requestId, () =>
    client.send<CreatedKey>({ method: 'POST', path: `/v1/keys/${id}/rotation`, body }),
  );
  context.print(rotated, rotated.secret);
  const { oldSecretUntil, name } = rotated.key;
  context.note(
    oldSecretUntil === null
      ? `"${name}" has a new secret, and the old one works no more.`
      : `"${name}" has a new secret; the old one works until ${moment(oldSecretUntil)}.`,
  );
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

async function rotatePepper(context: Context): Promise<undefined> {
  const client = await context.client();
  const answer = await client.send<{ version: number; waitingKeys: number }>({
    method: 'POST',
    path: '/v1/keys/pepper/rotation',
  });
  context.print(
    answer,
    `Keys are hashed under pepper ${answer.version} now. ${answer.waitingKeys} still have an older hash; they go on working and follow when they are used.`,
  );
  return undefined;
}
