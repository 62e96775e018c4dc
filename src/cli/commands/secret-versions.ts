import type { Command } from 'commander';
import type { Secret, SecretVersion } from '../api/types.js';
import { usageError } from '../cli-error.js';
import type { Action, Context } from '../context.js';
import { findSecret } from '../resolve.js';
import { type TermOptions, termsOf, withTerms } from '../secret-terms.js';
import { moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';

type Run = (action: Action) => Promise<void>;

interface UpdateOptions extends TermOptions {
  readonly name?: string;
  readonly anyPath?: boolean;
  readonly metered?: boolean;
}

interface DestroyOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
}

export function addSecretVersionCommands(secret: Command, run: Run): void {
  withTerms(secret.command('update').argument('<secret>'))
    .description('Change where it may be sent and how; running agents fetch it again')
    .option('--name <name>')
    .option('--any-path', 'every path of its hosts')
    .option('--metered', 'meter requests to its hosts')
    .action((given: string, options: UpdateOptions) =>
      run((context) => updateSecret(context, given, options)),
    );
  secret
    .command('versions')
    .argument('<secret>')
    .description('List its versions, and which are safe to delete')
    .action((given: string) => run((context) => listVersions(context, given)));
  secret
    .command('rollback')
    .argument('<secret>')
    .argument('<version>')
    .description('Hand out an earlier version again; running agents fetch it')
    .action((given: string, version: string) =>
      run((context) => rollBack(context, given, numberOf(version))),
    );
  secret
    .command('destroy-version')
    .argument('<secret>')
    .argument('<version>')
    .description('Destroy an earlier version for good')
    .option('--force', 'also while running agents hold it')
    .option('--yes', 'do not ask')
    .action((given: string, version: string, options: DestroyOptions) =>
      run((context) => destroyVersion(context, given, numberOf(version), options)),
    );
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usageError(`"${text}" is not a version; iron-cage secret versions lists them.`);
}

async function updateSecret(
  context: Context,
  given: string,
  options: UpdateOptions,
): Promise<undefined> {
  const body = {
    ...termsOf(options),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.anyPath === true && { paths: [] }),
    ...(options.metered === true && { metered: true }),
  };
  if (Object.keys(body).length === 0) throw usageError('Say what to change; --help lists it.');
  const client = await context.client();
  const { id } = await findSecret(client, given);
  const path = `/v1/secrets/${id}`;
  const secret = await client.send<Secret>({ method: 'PATCH', path, body, repeatable: true });
  const places = secret.hosts.flatMap((host) =>
    secret.paths.length === 0 ? [host] : secret.paths.map((start) => host + start),
  );
  context.print(secret, `${secret.name} may be sent to ${places.join(', ')}.`);
  return undefined;
}

async function listVersions(context: Context, given: string): Promise<undefined> {
  const client = await context.client();
  const { id } = await findSecret(client, given);
  const answer = await client.get<{ items: SecretVersion[] }>(`/v1/secrets/${id}/versions`);
  const text = table<SecretVersion>(
    [
      { title: 'Version', value: (row) => String(row.version), alignRight: true },
      { title: 'State', value: stateOf },
      { title: 'Agents', value: (row) => String(row.liveSessions), alignRight: true },
      { title: 'Ends in', value: endings },
      { title: 'By', value: (row) => row.createdByName ?? row.createdBy },
      { title: 'Stored', value: (row) => moment(row.createdAt) },
    ],
    answer.items,
  );
  context.print(answer, text);
  return undefined;
}

async function rollBack(context: Context, given: string, version: number): Promise<undefined> {
  const client = await context.client();
  const { id } = await findSecret(client, given);
  const path = `/v1/secrets/${id}/rollback`;
  const body = { version };
  const secret = await client.send<Secret>({ method: 'POST', path, body, repeatable: true });
  context.print(secret, `${secret.name} is at version ${String(secret.version)} again.`);
  return undefined;
}

async function destroyVersion(
  context: Context,
  given: string,
  version: number,
  options: DestroyOptions,
): Promise<undefined> {
  const client = await context.client();
  const { id, name } = await findSecret(client, given);
  const what = `version ${String(version)} of ${name}`;
  await context.prompt.confirm(`Destroy ${what} for good?`, options.yes ?? false);
  await client.send({
    method: 'DELETE',
    path: `/v1/secrets/${id}/versions/${String(version)}`,
    ...(options.force === true && { query: { force: true } }),
    repeatable: true,
  });
  context.print({ id, name, version, destroyed: true }, `Destroyed ${what}.`);
  return undefined;
}

function stateOf(row: SecretVersion): string {
  if (row.state !== 'earlier') return row.state;
  return row.safeToDelete ? 'safe to delete' : 'still held';
}

function endings({ fields }: SecretVersion): string {
  return fields
    .map(({ name, last4, reference }) => `${name} ${reference ?? `…${last4}`}`)
    .join(', ');
}
