import { isUuid } from '../kernel/ids.js';
import type { ApiClient } from './api/api-client.js';
import type { Key, Project, Secret } from './api/types.js';
import { CliError } from './cli-error.js';
import { closest } from './terminal/closest.js';

const MOST_NAMES = 1_000;
const KEY_PREFIX = /^(?:ic_(?:dev|live)_)?([0-9A-Za-z]{8})$/;

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Chooses by id or exact name. @throws {CliError} NOT_FOUND with a suggestion, or AMBIGUOUS_NAME */
export function pick<T extends Named>(kind: string, given: string, items: readonly T[]): T {
  const byId = items.find((item) => item.id === given);
  if (byId) return byId;
  const named = items.filter((item) => item.name === given);
  if (named.length > 1) {
    throw new CliError(
      'AMBIGUOUS_NAME',
      `There are ${String(named.length)} ${kind}s named "${given}". Name it by id: ${named.map(({ id }) => id).join(', ')}.`,
    );
  }
  const [found] = named;
  if (found) return found;
  const meant = closest(
    given,
    items.map((item) => item.name),
  );
  const hint =
    meant === undefined ? `List them with: iron-cage ${kind} list` : `Did you mean "${meant}"?`;
  throw new CliError('NOT_FOUND', `There is no ${kind} named "${given}". ${hint}`);
}

export async function findProject(client: ApiClient, given: string): Promise<Project> {
  if (isUuid(given)) return client.get<Project>(`/v1/projects/${given}`);
  const { items: hits } = await client.list<Project>(
    '/v1/projects',
    { search: given.slice(0, 80) },
    MOST_NAMES,
  );
  if (hits.some((project) => project.name === given)) return pick('project', given, hits);
  const { items } = await client.list<Project>('/v1/projects', {}, MOST_NAMES);
  return pick('project', given, items);
}

export async function findSecret(client: ApiClient, given: string): Promise<Secret> {
  const { items } = await client.get<{ items: Secret[] }>('/v1/secrets');
  return pick('secret', given, items);
}

/** By key id, visible prefix, or name. */
export async function findKeyId(client: ApiClient, given: string): Promise<string> {
  const id = KEY_PREFIX.exec(given)?.[1];
  if (id !== undefined) return id;
  const { items } = await client.list<Key>('/v1/keys', {}, MOST_NAMES);
  return pick(
    'key',
    given,
    items.filter((key) => key.state === 'active'),
  ).id;
}
