import type { ApiClient } from '../api/api-client.js';
import type { AuditEvent, Member } from '../api/types.js';
import { CliError } from '../cli-error.js';
import type { Context } from '../context.js';
import { findKeyId, findProject } from '../resolve.js';
import { closest } from '../terminal/closest.js';
import { dollars, instantOf, moment } from '../terminal/format.js';
import { table } from '../terminal/table.js';

export const AUDIT_LOG_LIMIT = { usual: 50, most: 10_000 } as const;
/** The end of an id differs more than its beginning. */
const SHOWN_OF_ID = 8;

export interface LogOptions {
  readonly action?: string;
  readonly actor?: string;
  readonly about?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

export async function showLog(context: Context, options: LogOptions): Promise<undefined> {
  const { action, actor, about, from, to, limit } = options;
  const times = {
    from: from === undefined ? undefined : instantOf(from),
    to: to === undefined ? undefined : instantOf(to),
  };
  const client = await context.client();
  const query = {
    action,
    actor: actor === undefined ? undefined : await actorOf(client, actor),
    target: about === undefined ? undefined : await targetOf(client, about),
    ...times,
  };
  const { items, more } = await client.list<AuditEvent>('/v1/audit', query, limit);
  const text = table<AuditEvent>(
    [
      { title: 'When', value: (row) => moment(row.at) },
      { title: 'Who', value: (row) => nameOf(row.actor, row.actorName) },
      { title: 'What', value: (row) => row.action },
      { title: 'About', value: (row) => nameOf(row.target, row.targetName) },
      { title: 'Details', value: (row) => detailsText(row.details), detail: true },
    ],
    items,
    'No such event. The kinds that there are: iron-cage audit actions',
  );
  context.print({ items, more }, text);
  if (more) context.note('There are more; show them with --limit, or narrow the time with --to.');
  return undefined;
}

export async function showActions(context: Context): Promise<undefined> {
  const answer = await (await context.client()).get<{ items: string[] }>('/v1/audit/actions');
  context.print(answer, answer.items.length === 0 ? 'Nothing yet.' : answer.items.join('\n'));
  return undefined;
}

/** As the server names who does something. */
async function actorOf(client: ApiClient, given: string): Promise<string> {
  if (given === 'server' || given.includes(':')) return given;
  if (!given.includes('@')) return `key:${await findKeyId(client, given)}`;
  const { items } = await client.get<{ items: Member[] }>('/v1/members');
  const member = items.find(({ email }) => email.toLowerCase() === given.toLowerCase());
  if (member) return `user:${member.userId}`;
  const meant = closest(
    given,
    items.map(({ email }) => email),
  );
  const hint =
    meant === undefined ? 'List them with: iron-cage member list' : `Did you mean "${meant}"?`;
  throw new CliError('NOT_FOUND', `There is no member "${given}". ${hint}`);
}

async function targetOf(client: ApiClient, given: string): Promise<string> {
  return given.includes(':') ? given : `project:${(await findProject(client, given)).id}`;
}

/** `project:<id>` with its name, where there is one, else with the end of its id; people are called by their names alone. */
function nameOf(reference: string, name: string | null): string {
  const colon = reference.indexOf(':');
  if (colon < 0) return reference;
  const kind = reference.slice(0, colon);
  if (name !== null) return kind === 'user' ? name : `${kind} ${name}`;
  const id = reference.slice(colon + 1);
  return `${kind} ${id.length > SHOWN_OF_ID + 1 ? `…${id.slice(-SHOWN_OF_ID)}` : id}`;
}

function detailsText(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .flatMap(([name, value]) => {
      const text = valueText(value);
      return text === '' ? [] : [`${name} ${text}`];
    })
    .join(', ');
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return dollars(value);
  return Array.isArray(value) && value.length === 0 ? '' : JSON.stringify(value);
}
