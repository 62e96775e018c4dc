import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import pg, { type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { AppError, databaseDown } from '../../kernel/errors.js';
import { type Roles, usableRoles } from './protection.js';
import { LONGEST_MS, type Look, mayTakeLong, opening, type Scope } from './scope.js';

declare const inTransaction: unique symbol;

/** A statement that each connection plans once, under its name. For what runs thousands of times a second. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** The name follows from the text: behind a pooler another process may have given its own text to the same connection. */
export function prepared(text: string): Prepared {
  return { name: createHash('sha256').update(text).digest('base64url').slice(0, 32), text };
}

/** Proof that a transaction is open: repositories that write ask for it as their first argument. */
export interface Tx {
  readonly [inTransaction]: true;
  query<Row = unknown>(sql: string | Prepared, parameters?: readonly unknown[]): Promise<Row[]>;
  /** A last statement, whose rows nobody needs: it travels with the COMMIT, and if it fails the transaction fails with it. */
  defer(sql: string | Prepared, parameters?: readonly unknown[]): void;
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const ATTEMPTS = 4;
/** What a pooler answers that gives out its connections by transaction and does not know prepared statements. */
const NO_SUCH_STATEMENT = '26000';
const DUPLICATE_STATEMENT = '42P05';
/** Reads and locks: what does no harm by itself, should it arrive where no transaction could be opened. */
const HARMLESS = /^\s*select\b/i;

/**
 * One use case, one short transaction (READ COMMITTED), for one organization. Nothing slow may happen inside.
 *
 * The connections send without waiting for the answer before (`pipeline` in the options): what opens a transaction travels with its first
 * statement, and a read is one round trip although it is a transaction of three messages.
 */
@Injectable()
export class UnitOfWork {
  /** Planning once is faster, and no more than that: where it cannot be done the same statements go as text. */
  private prepares = true;
  private roles: Promise<Roles | undefined> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction; on a deadlock or serialization failure runs the whole of it again in a new one.
   *
   * @param scope for whom: rows of any other organization are not there
   * @throws {AppError} UNAVAILABLE when the database does not answer. It says whether nothing was changed, or whether that is unknown
   *   because only the answer to the COMMIT is missing; then the client's retry with the same ids finds what was.
   */
  run<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.repeated(scope, 'brief', work);
  }

  /**
   * A long look at one organization: all statements see the same snapshot and none may write. It may take minutes, so it must be possible
   * to end it.
   *
   * @param signal ends the statement that runs; the look then fails with UNAVAILABLE
   */
  async survey<T>(
    organizationId: string,
    signal: AbortSignal,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> {
    return this.repeated(organizationId, 'long', async (tx) => {
      const [backend] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const cancel = (): void => {
        // The statement ends by itself in the worst case, at its time limit.
        this.dataSource
          .query('SELECT pg_cancel_backend($1)', [backend?.pid])
          .catch(() => undefined);
      };
      signal.addEventListener('abort', cancel);
      try {
        if (signal.aborted) throw databaseDown();
        return await work(tx);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    });
  }

  private async repeated<T>(scope: Scope, look: Look, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const begin = opening(scope, await this.ownRoles(), look);
        return await this.connected(mayTakeLong(scope, look), (client) =>
          inOne(client, begin, work),
        );
      } catch (error) {
        const state = sqlState(error);
        if ((state === SERIALIZATION_FAILURE || state === DEADLOCK) && attempt < ATTEMPTS) continue;
        if ((state === NO_SUCH_STATEMENT || state === DUPLICATE_STATEMENT) && attempt < ATTEMPTS) {
          this.prepares = false;
          continue;
        }
        throw unavailableOr(error);
      }
    }
  }

  /** One statement, as a transaction of its own. */
  async read<Row = unknown>(
    scope: Scope,
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    try {
      const begin = opening(scope, await this.ownRoles(), 'brief');
      return await this.connected(mayTakeLong(scope, 'brief'), (client) =>
        alone<Row>(client, begin, sql, parameters),
      );
    } catch (error) {
      throw unavailableOr(error);
    }
  }

  /** Made at the start of the server, before any transaction; without them the rights of the database user count. */
  private ownRoles(): Promise<Roles | undefined> {
    this.roles ??= usableRoles(this.dataSource).catch((error: unknown) => {
      this.roles = undefined;
      throw error instanceof QueryFailedError ? error.driverError : error;
    });
    return this.roles;
  }

  /** A connection goes back to the pool, unless it is broken. */
  private async connected<T>(isPatient: boolean, work: (client: Client) => Promise<T>): Promise<T> {
    // The pool of the data source. Its own transactions would wait for each message, and say nothing of whose they are.
    const { master } = this.dataSource.driver as { master?: { connect(): Promise<PoolClient> } };
    if (!master) throw new Error('the database connection is closed');
    const client = await master.connect();
    let broken: Error | undefined;
    const hear = (error: Error): void => {
      broken = error;
    };
    // An error that nobody listens to would end the process.
    client.on('error', hear);
    try {
      return await work({
        query: (sql, parameters = []) => {
          const values = [...parameters];
          if (isPatient) return client.query(patient(sql, values));
          if (typeof sql === 'string')
            return client.query(sql, values.length > 0 ? values : undefined);
          return client.query(this.prepares ? { ...sql, values } : { text: sql.text, values });
        },
        abandon: hear,
      });
    } finally {
      client.off('error', hear);
      client.release(broken);
    }
  }
}

/** The limit on this side of the connection is for requests. */
function patient(sql: string | Prepared, values: readonly unknown[]): QueryConfig {
  const text = typeof sql === 'string' ? sql : sql.text;
  const limit = { query_timeout: LONGEST_MS };
  return { text, ...(values.length > 0 && { values: [...values] }), ...limit };
}

interface Client {
  query(sql: string | Prepared, parameters?: readonly unknown[]): Promise<QueryResult>;
  /** Nobody shall use this connection again. */
  readonly abandon: (error: Error) => void;
}

async function inOne<T>(client: Client, begin: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  let isOver = false;
  const opened = client.query(begin);
  // Looked at below, whatever comes first.
  opened.catch(() => undefined);
  const deferred: { sql: string | Prepared; parameters: readonly unknown[] }[] = [];
  const tx = {
    query: async (sql: string | Prepared, parameters: readonly unknown[] = []) => {
      // One message less to wait for: but a write must not be sent before it is certain that it can be rolled back.
      if (!HARMLESS.test(typeof sql === 'string' ? sql : sql.text)) await opened;
      if (isOver) throw new Error('a statement came after the end of its transaction');
      return (await client.query(sql, parameters)).rows as unknown[];
    },
    defer: (sql: string | Prepared, parameters: readonly unknown[] = []) => {
      deferred.push({ sql, parameters });
    },
  } as Tx;
  try {
    const result = await work(tx);
    await opened;
    isOver = true;
    const written = deferred.map(({ sql, parameters }) => client.query(sql, parameters));
    // The first that failed is why the others did.
    const outcomes = await Promise.allSettled([...written, commit(client)]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw isLost(failed.reason) ? new Unconfirmed(failed.reason) : failed.reason;
    return result;
  } catch (error) {
    isOver = true;
    // Statements in a transaction that could not be opened fail for no reason of their own.
    const cause = await opened.then(
      () => error,
      (failure: unknown) => failure,
    );
    await client.query('ROLLBACK').catch(client.abandon);
    throw cause;
  }
}

async function alone<Row>(
  client: Client,
  begin: string,
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const [opened, answered, committed] = await Promise.allSettled([
    client.query(begin),
    client.query(sql, parameters),
    commit(client),
  ]);
  for (const outcome of [opened, answered, committed]) {
    if (outcome.status === 'fulfilled') continue;
    if (sqlState(outcome.reason) === undefined) client.abandon(outcome.reason as Error);
    const isUnknown = !HARMLESS.test(sql) && isLost(outcome.reason);
    throw isUnknown ? new Unconfirmed(outcome.reason) : outcome.reason;
  }
  return answered.status === 'fulfilled' ? (answered.value.rows as Row[]) : [];
}

/** All was sent, COMMIT and all, and then the connection was gone or the wait too long. */
class Unconfirmed extends Error {
  constructor(readonly reason: unknown) {
    super('the answer to a COMMIT is missing');
  }
}

/** The connection is gone, or nobody knows: not an answer of the database to what was asked. */
function isLost(error: unknown): boolean {
  return !(error instanceof RolledBack) && /^(08|57P)/.test(sqlState(error) ?? '08');
}

/** PostgreSQL answers a COMMIT of a failed transaction with ROLLBACK, and not with an error. */
async function commit(client: Client): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new RolledBack();
}

/** What failed before has said why; this is for when nothing has. */
class RolledBack extends Error {
  constructor() {
    super('the transaction had failed and was rolled back');
  }
}

/** SQLSTATE of a failed query, if that is what the error is. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Name of the constraint that refused, for turning a race into the same answer as the check before it. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const isViolation = error.code === UNIQUE_VIOLATION || error.code === FOREIGN_KEY_VIOLATION;
  return isViolation ? error.constraint : undefined;
}

/** Text, a number or a time that no column can hold; the schemas should have refused it, and the client can only change the request. */
const UNSTORABLE = new Set(['22P05', '22021', '22P02', '22003', '22007', '22008']);

/** Connection trouble in any of its shapes becomes 503; everything else stays what it is. */
function unavailableOr(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof Unconfirmed) {
    return new AppError(
      'UNAVAILABLE',
      'The database did not say whether this was saved: it may have been. Send the same request again, with the same ids if it has any, or look before you repeat it.',
      { cause: error.reason, retryAfterSeconds: 2 },
    );
  }
  const state = sqlState(error);
  if (state !== undefined && UNSTORABLE.has(state)) {
    return new AppError(
      'VALIDATION_FAILED',
      'The request has text, a number or a time that cannot be stored. Nothing was changed.',
      { cause: error, internal: 'a schema let this through' },
    );
  }
  // Errors of the system need not be of this realm's class: what counts is what they say.
  const { message = '' } = (error ?? {}) as { message?: unknown };
  const lost =
    state === undefined
      ? /timeout|terminat|ECONN|EPIPE|ENOENT|Connection|not connected|closed/i.test(String(message))
      : /^(08|57|53|55P03)/.test(state);
  if (!lost) return error;
  return databaseDown(error);
}
