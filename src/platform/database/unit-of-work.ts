import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, QueryFailedError } from 'typeorm';
import { AppError } from '../../kernel/errors.js';

declare const inTransaction: unique symbol;

/** Proof that a transaction is open: repositories that write ask for it as their first argument. */
export interface Tx {
  readonly [inTransaction]: true;
  query<Row = unknown>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  readonly entities: EntityManager;
}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const ATTEMPTS = 4;

/** One use case, one short transaction (READ COMMITTED). Nothing slow may happen inside. */
@Injectable()
export class UnitOfWork {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in a transaction; on a deadlock or serialization failure runs the whole of it again in a new one.
   *
   * @throws {AppError} UNAVAILABLE when the database does not answer; nothing has been committed, or the client's retry with the same
   *   ids finds what was.
   */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction((manager) => work(asTx(manager)));
      } catch (error) {
        const state = sqlState(error);
        if ((state === SERIALIZATION_FAILURE || state === DEADLOCK) && attempt < ATTEMPTS) continue;
        throw unavailableOr(error);
      }
    }
  }

  /** A read outside a transaction. */
  async read<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await this.dataSource.query<Row[]>(sql, [...parameters]);
    } catch (error) {
      throw unavailableOr(error);
    }
  }
}

function asTx(manager: EntityManager): Tx {
  return {
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) => {
      const result = await manager.query<Row[] | [Row[], number]>(sql, [...parameters]);
      // TypeORM answers UPDATE and DELETE with [rows, count].
      return (
        Array.isArray(result[0]) && typeof result[1] === 'number' ? result[0] : result
      ) as Row[];
    },
    entities: manager,
  } as Tx;
}

/** SQLSTATE of a failed query, if that is what the error is. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code } = error.driverError as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Name of the constraint that refused, for turning a race into the same answer as the check before it. */
export function violatedConstraint(error: unknown): string | undefined {
  const state = sqlState(error);
  if (state !== UNIQUE_VIOLATION && state !== FOREIGN_KEY_VIOLATION) return undefined;
  return ((error as QueryFailedError).driverError as { constraint?: string }).constraint;
}

/** Text or a number that no column can hold; the schemas should have refused it, and the client can only change the request. */
const UNSTORABLE = new Set(['22P05', '22021', '22P02', '22003']);

/** Connection trouble in any of its shapes becomes 503; everything else stays what it is. */
function unavailableOr(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const state = sqlState(error);
  if (state !== undefined && UNSTORABLE.has(state)) {
    return new AppError(
      'VALIDATION_FAILED',
      'The request has text or a number that cannot be stored. Nothing was changed.',
      { cause: error, internal: 'a schema let this through' },
    );
  }
  const lost =
    state === undefined
      ? /timeout|terminat|ECONN|EPIPE|ENOENT|Connection|not connected|closed/i.test(
          error instanceof Error ? error.message : '',
        )
      : /^(08|57|53|55P03)/.test(state);
  if (!lost) return error;
  return new AppError(
    'UNAVAILABLE',
    'The database does not answer. Nothing was changed; try again in a moment.',
    {
      cause: error,
      retryAfterSeconds: 2,
    },
  );
}
