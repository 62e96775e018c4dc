import type { z } from 'zod';
import type { ErrorCode } from './errors.js';
import type { Permission } from './permissions.js';

type Shape = z.ZodObject | undefined;

/**
 * One route, stated once: the guard, the validation, the response filter, the OpenAPI document and the types all read it.
 *
 * `access` closes the route to everybody but the named ones: a permission, or the word `public`.
 */
export interface Route<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
  A extends z.ZodType | undefined = z.ZodType | undefined,
> {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** OpenAPI form: `/v1/projects/{projectId}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Permission | 'public';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Absent: 204, or what `produces` says. */
  readonly answer?: A;
  readonly status: 200 | 201 | 202 | 204;
  /** Something else than JSON, which the handler writes itself. */
  readonly produces?: 'text/event-stream' | 'text/plain';
  /** Beyond those that every route may give (401, 403, 422, 429, 503). */
  readonly errors: readonly ErrorCode[];
}

export function defineRoute<
  P extends Shape = undefined,
  Q extends Shape = undefined,
  B extends Shape = undefined,
  A extends z.ZodType | undefined = undefined,
>(route: Route<P, Q, B, A>): Route<P, Q, B, A> {
  return route;
}

type Decoded<T> = [NonNullable<T>] extends [never]
  ? undefined
  : NonNullable<T> extends z.ZodType
    ? z.output<NonNullable<T>>
    : undefined;

/** What a handler gets: everything decoded, nothing unknown. */
export interface InputOf<R extends Route> {
  readonly params: Decoded<R['params']>;
  readonly query: Decoded<R['query']>;
  readonly body: Decoded<R['body']>;
}

/** What a handler returns; it is encoded, and stripped of what the contract does not name. */
export type AnswerOf<R extends Route> = Decoded<R['answer']>;
