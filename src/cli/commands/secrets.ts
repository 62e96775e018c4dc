import type { Command } from 'commander';
import type { ApiClient } from '../api/api-client.js';
import type { Provider, Secret } from '../api/types.js';
import { CliError, usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { findProject, findSecret } from '../resolve.js';
import { fieldsFromEnvironment, fieldsFromText, referencesFromText } from '../secret-fields.js';
import { append, type TermOptions, termsOf, withTerms } from '../secret-terms.js';
import { closest } from '../terminal/closest.js';
import { moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';
import { addSecretVersionCommands } from './secret-versions.js';

interface ValueOptions {
  readonly fromEnv: readonly string[];
  readonly stdin?: boolean;
  readonly reference: readonly string[];
}

interface AddOptions extends ValueOptions, TermOptions {
  readonly provider: string;
  readonly project?: string;
  readonly environment?: string;
  readonly field: readonly string[];
}

type Run = (action: Action) => Promise<void>;

const EXAMPLES = `
Examples:
  iron-cage secret add openai-main --provider openai
  iron-cage secret add openai-main --provider openai --from-env OPENAI_API_KEY --environment live
  iron-cage secret add weather --provider weather --host api.weather.example --path /v2/ \\
    --header "x-api-key: {secret}" --unmetered --from-env WEATHER_KEY`;

export function addSecretCommands(program: Command, run: Run): void {
  const secret = program
    .command('secret')
    .description('Provider keys in the vault; name one by its id or its exact name');
  withTerms(withValues(secret.command('add').argument('<name>')))
    .description('Store one; it is encrypted and never shown again')
    .requiredOption(
      '--provider <id>',
      'such as openai; iron-cage secret providers lists them; one of your own with --host',
    )
    .option('--project <project>', 'only for this project; for all unless given')
    .option('--environment <name>', 'dev or live: only for Iron Cage keys of it; any unless given')
    .option('--field <name>', 'a field of a provider of your own, repeatable', append, [])
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: AddOptions) =>
      run((context) => addSecret(context, name, options)),
    );
  withValues(
    secret
      .command('rotate')
      .argument('<secret>')
      .description('Store a new version; it is handed out at once, and running agents fetch it'),
  ).action((given: string, options: ValueOptions) =>
    run((context) => rotateSecret(context, given, options)),
  );
  addSecretVersionCommands(secret, run);
  secret
    .command('list')
    .description('List them; of the values only the last four characters')
    .option('--project <project>', 'only those that this project gets')
    .action((options: { project?: string }) =>
      run((context) => listSecrets(context, options.project)),
    );
  secret
    .command('delete')
    .argument('<secret>')
    .description('Destroy one with all its versions')
    .option('--yes', 'do not ask')
    .action((given: string, options: { yes?: boolean }) =>
      run((context) => deleteSecret(context, given, options.yes ?? false)),
    );
  secret
    .command('providers')
    .description('Providers that are known, with their fields')
    .action(() => run(listProviders));
}

/** Never as an argument: other users of the machine can read those, and the shell remembers them. */
function withValues(command: Command): Command {
  return command
    .option(
      '--from-env <variable>',
      'take the value from an environment variable, repeatable; FIELD=VARIABLE when the names differ',
      append,
      [],
    )
    .option('--stdin', 'take the value, or FIELD=value lines, from standard input')
    .option(
      '--reference <field=reference>',
      'do not store it: FIELD=vault://mount/path#field or FIELD=env://IRON_CAGE_SECRET_NAME, read by the server',
      append,
      [],
    );
}

async function addSecret(context: Context, name: string, options: AddOptions): Promise<undefined> {
  const client = await context.client();
  const provider = await findProvider(client, options);
  const projectId =
    options.project === undefined ? undefined : (await findProject(client, options.project)).id;
  const values = await readValues(context, options, provider.fields);
  const body = {
    name,
    provider: provider.id,
    ...values,
    ...(projectId !== undefined && { projectId }),
    ...(options.environment !== undefined && { environment: options.environment }),
    ...termsOf(options),
  };
  const secret = await client.send<Secret>({ method: 'POST', path: '/v1/secrets', body });
  context.print(
    secret,
    `Stored ${secret.name} (${endings(secret)}). It may be sent to ${secret.hosts.join(', ')}.`,
  );
  return undefined;
}

async function rotateSecret(
  context: Context,
  given: string,
  options: ValueOptions,
): Promise<undefined> {
  const client = await context.client();
  const before = await findSecret(client, given);
  const names = before.fields.map((field) => field.name);
  const body = await readValues(context, options, names);
  const secret = await client.send<Secret>({
    method: 'POST',
    path: `/v1/secrets/${before.id}/versions`,
    body,
  });
  context.print(
    secret,
    `${secret.name} is at version ${String(secret.version)} (${endings(secret)}).`,
  );
  return undefined;
}

async function readValues(
  context: Context,
  options: ValueOptions,
  fields: readonly string[],
): Promise<object> {
  if (options.reference.length === 0) return { fields: await readFields(context, options, fields) };
  const references = referencesFromText(options.reference);
  const isAll = options.fromEnv.length === 0 && options.stdin !== true;
  return isAll
    ? { references }
    : { references, fields: await readFields(context, options, fields) };
}

async function readFields(
  context: Context,
  options: ValueOptions,
  fields: readonly string[],
): Promise<Record<string, string>> {
  const { prompt, environment } = context;
  if (options.fromEnv.length > 0)
    return fieldsFromEnvironment(options.fromEnv, fields, (name) => environment.variable(name));
  if (options.stdin === true) return fieldsFromText(await prompt.standardInput(), fields);
  const values: Record<string, string> = {};
  for (const field of fields) {
    const value = (await prompt.hidden(`${field}: `, '--from-env or --stdin')).trim();
    if (value !== '') values[field] = value;
  }
  if (Object.keys(values).length === 0) throw usageError('No value was given; nothing was stored.');
  return values;
}

async function findProvider(client: ApiClient, options: AddOptions): Promise<Provider> {
  const { provider: given, host: hosts, field } = options;
  const { items } = await client.get<{ items: Provider[] }>('/v1/providers');
  const found = items.find((provider) => provider.id === given);
  if (found) return found;
  if (hosts.length > 0) return { id: given, name: given, hosts, fields: field };
  const ids = items.map((provider) => provider.id);
  const meant = closest(given, ids);
  throw new CliError(
    'NOT_FOUND',
    `There is no provider "${given}". ${meant === undefined ? `Known: ${ids.join(', ')}.` : `Did you mean "${meant}"?`}`,
  );
}

async function listSecrets(context: Context, given: string | undefined): Promise<undefined> {
  const client = await context.client();
  const projectId = given === undefined ? undefined : (await findProject(client, given)).id;
  const answer = await client.get<{ items: Secret[] }>('/v1/secrets', { projectId });
  const text = table<Secret>(
    [
      { title: 'Name', value: (row) => row.name },
      { title: 'Provider', value: (row) => row.provider },
      { title: 'For', value: (row) => row.projectId ?? 'every project' },
      { title: 'Ends in', value: endings },
      { title: 'Keys', value: (row) => row.environment, detail: true },
      { title: 'Version', value: (row) => String(row.version), alignRight: true },
      { title: 'State', value: (row) => row.problem?.code ?? 'ok' },
      { title: 'Changed', value: (row) => moment(row.updatedAt), detail: true },
      { title: 'Id', value: (row) => row.id, detail: true },
    ],
    answer.items,
    'The vault is empty. Add a provider key: iron-cage secret add <name> --provider openai',
  );
  context.print(answer, text);
  return undefined;
}

async function deleteSecret(context: Context, given: string, yes: boolean): Promise<undefined> {
  const client = await context.client();
  const secret = await findSecret(client, given);
  await context.prompt.confirm(`Destroy ${secret.name} with all its versions?`, yes);
  await client.send({ method: 'DELETE', path: `/v1/secrets/${secret.id}`, repeatable: true });
  context.print(
    { id: secret.id, name: secret.name, deleted: true },
    `${secret.name} is destroyed. Running agents lose it within seconds.`,
  );
  return undefined;
}

async function listProviders(context: Context): Promise<undefined> {
  const answer = await (await context.client()).get<{ items: Provider[] }>('/v1/providers');
  const text = table<Provider>(
    [
      { title: 'Id', value: (row) => row.id },
      { title: 'Name', value: (row) => row.name },
      { title: 'Fields', value: (row) => row.fields.join(', ') },
      { title: 'Hosts', value: (row) => row.hosts.join(', ') },
    ],
    answer.items,
  );
  context.print(answer, text);
  return undefined;
}

function endings(secret: Secret): string {
  return secret.fields
    .map(({ name, last4, reference }) => `${name} ${reference ?? `…${last4}`}`)
    .join(', ');
}
