import { HttpClient, httpResource } from '@angular/common/http';
import { inject, Injectable } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import { LiveTopics, type Topic } from '../live/live-topics';
import { keepLast, type Loaded } from './loaded';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Op<P extends keyof paths, M extends Method> =
  paths[P] extends Record<M, infer O> ? O : never;
/** Only those paths that have this method. */
export type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];
type Json<R> = R extends { content: { 'application/json': infer J } } ? J : never;
/** The JSON body of the 2xx answers; void where there is none (204). */
/* eslint-disable @typescript-eslint/no-invalid-void-type -- only ever the argument of Promise */
export type Ok<O> = O extends { responses: infer R }
  ? [Json<R[keyof R & (200 | 201 | 202)]>] extends [never]
    ? void
    : Json<R[keyof R & (200 | 201 | 202)]>
  : never;
/* eslint-enable @typescript-eslint/no-invalid-void-type */
type PathArgs<O> = O extends { parameters: { path: infer T } } ? { path: T } : { path?: undefined };
type Loosened<Q> = { [K in keyof Q]: Q[K] | undefined };
type QueryArgs<O> = O extends { parameters: { query: infer Q } }
  ? { query: Loosened<Q> }
  : O extends { parameters: { query?: infer Q } }
    ? { query?: Loosened<Q> }
    : { query?: undefined };
type BodyArgs<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
  ? { body: B }
  : { body?: undefined };
export type Args<O> = PathArgs<O> & QueryArgs<O> & BodyArgs<O>;
interface LooseArgs {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}
type Param = string | number | boolean;

function urlOf(path: string, args: LooseArgs): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(args.path?.[name])),
  );
}

function paramsOf(args: LooseArgs): Record<string, Param> {
  return Object.fromEntries(
    Object.entries(args.query ?? {}).filter(
      (entry): entry is [string, Param] =>
        entry[1] !== undefined && entry[1] !== null && entry[1] !== '',
    ),
  );
}

/** Typed access to the API. Types come from the server's OpenAPI document (schema.d.ts, generated and checked). */
@Injectable({ providedIn: 'root' })
export class Api {
  private readonly http = inject(HttpClient);
  private readonly topics = inject(LiveTopics);

  /**
   * A reactive GET: requests again when a signal that `args` reads changes, and when the server says that one of `topics` changed.
   * `undefined` means "not yet". Call it where components inject.
   */
  get<P extends PathWith<'get'>>(
    path: P,
    args: () => Args<Op<P, 'get'>> | undefined,
    topics: readonly Topic[] = [],
  ): Loaded<Ok<Op<P, 'get'>>> {
    const resource = httpResource<Ok<Op<P, 'get'>>>(() => {
      const given = args() as LooseArgs | undefined;
      return given && { url: urlOf(path, given), params: paramsOf(given) };
    });
    return keepLast(resource, {
      version: () => this.topics.version(topics),
      identity: () => {
        const given = args() as LooseArgs | undefined;
        return given && urlOf(path, given);
      },
    });
  }

  send<M extends Exclude<Method, 'get'>, P extends PathWith<M>>(
    method: M,
    path: P,
    args: Args<Op<P, M>>,
  ): Promise<Ok<Op<P, M>>> {
    const given = args as LooseArgs;
    return firstValueFrom(
      this.http.request<Ok<Op<P, M>>>(method.toUpperCase(), urlOf(path, given), {
        params: paramsOf(given),
        body: given.body,
      }),
    );
  }

  /** A GET outside a component's life. */
  read<P extends PathWith<'get'>>(path: P, args: Args<Op<P, 'get'>>): Promise<Ok<Op<P, 'get'>>> {
    const given = args as LooseArgs;
    return firstValueFrom(
      this.http.get<Ok<Op<P, 'get'>>>(urlOf(path, given), { params: paramsOf(given) }),
    );
  }
}
