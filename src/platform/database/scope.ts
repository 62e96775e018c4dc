import { isUuid } from '../../kernel/ids.js';
import type { Roles } from './protection.js';

/**
 * Rows of every organization: for the few statements that must look across, because they find out whose a thing is (sign-in, a key's
 * check) or because they are jobs of the whole installation. A test lists who uses it.
 */
export const SYSTEM = Symbol('every organization');

/** Rows of no organization: only the tables that belong to none, as the price tables. */
export const SHARED = Symbol('no organization');

/**
 * The schema itself, with the rights of the database user: to make partitions and to drop them. Nothing else may ask for it, and the same
 * test says so. What it does may take long, and must not make others wait for long.
 */
export const OWNER = Symbol('the schema');

/** For whom a transaction runs: the id of an organization, and then the database shows and takes rows of that one only. */
export type Scope = string | typeof SYSTEM | typeof SHARED | typeof OWNER;

/** How a transaction looks at its rows: `brief` is one use case; `long` reads a whole organization in one snapshot and changes nothing. */
export type Look = 'brief' | 'long';

/** For what may take long, on both sides of the connection: work on the schema, and a long {@link Look}. Everything else is a request. */
export const LONGEST_MS = 600_000;

export function mayTakeLong(scope: Scope, look: Look): boolean {
  return scope === OWNER || look === 'long';
}

/**
 * What opens a transaction for `scope`. One message of the simple protocol, and `LOCAL`: nothing of it outlives the transaction, so a
 * pooler in transaction mode may give the connection to somebody else after it. If any part of it fails the transaction is aborted, and
 * what follows is refused instead of running for nobody in particular.
 */
export function opening(scope: Scope, roles: Roles | undefined, look: Look): string {
  const isOne = typeof scope === 'string';
  // It goes into the text of a statement: nothing but the digits of an id may.
  if (isOne && !isUuid(scope)) throw new Error('a transaction needs the id of an organization');
  return [
    look === 'long' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY' : 'BEGIN',
    // Whoever reads for long leaves the other cores to those who wait for an answer.
    ...(look === 'long' ? ['SET LOCAL max_parallel_workers_per_gather = 0'] : []),
    ...(mayTakeLong(scope, look) ? [`SET LOCAL statement_timeout = ${LONGEST_MS}`] : []),
    ...(isOne ? [`SET LOCAL iron_cage.organization = '${scope}'`] : []),
    ...(scope === SYSTEM || scope === OWNER ? [`SET LOCAL iron_cage.scope = 'system'`] : []),
    ...(scope === OWNER ? ['SET LOCAL lock_timeout = 2000'] : []),
    ...(roles && scope !== OWNER
      ? [`SET LOCAL ROLE ${scope === SYSTEM ? roles.system : roles.app}`]
      : []),
  ].join('; ');
}
