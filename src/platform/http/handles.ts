import {
  applyDecorators,
  createParamDecorator,
  type ExecutionContext,
  HttpCode,
  RequestMapping,
  RequestMethod,
  SetMetadata,
} from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../../kernel/errors.js';
import type { Principal } from '../../kernel/principal.js';
import type { Route } from '../../kernel/route.js';
import type { ContractConfig } from './answer-encoding.js';

export const ROUTE = Symbol('iron-cage:route');

export interface IronCageRequest extends FastifyRequest {
  principal?: Principal;
  /** The bytes that came, of JSON bodies. */
  rawBody?: Buffer;
}

/** Binds a handler to its contract: method, path, status, access, validation and answer all come from there. */
export function Handles(route: Route): MethodDecorator {
  return applyDecorators(
    RequestMapping({
      path: route.path.replace(/\{(\w+)\}/g, ':$1'),
      method: RequestMethod[route.method],
    }),
    HttpCode(route.status),
    SetMetadata(ROUTE, route),
    RouteConfig({ contract: route } satisfies ContractConfig),
  );
}

export function routeOf(context: ExecutionContext): Route | undefined {
  return Reflect.getMetadata(ROUTE, context.getHandler()) as Route | undefined;
}

/** Everything that came with the request, decoded by the contract: `InputOf<typeof route>`. */
export const Input = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const route = routeOf(context);
  if (!route) throw new Error('Input() needs Handles()');
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const issues: { path: string; message: string }[] = [];
  const input = {
    params: decode(route.params, request.params, 'params', issues),
    query: decode(route.query, request.query, 'query', issues),
    body: decode(route.body, request.body ?? {}, 'body', issues),
  };
  if (issues.length > 0) {
    const [first] = issues;
    throw new AppError(
      'VALIDATION_FAILED',
      `The request is not valid: ${first?.path ?? ''}: ${first?.message ?? ''}`,
      {
        details: { issues: issues.slice(0, 20) },
      },
    );
  }
  return input;
});

/** Who calls. Only for routes that are not public. */
export const Caller = createParamDecorator(
  (kind: Principal['kind'], context: ExecutionContext): Principal => {
    const { principal } = context.switchToHttp().getRequest<IronCageRequest>();
    if (principal?.kind !== kind)
      throw new AppError('FORBIDDEN', 'This route is not for this kind of credential.');
    return principal;
  },
);

/** Names of ours, and of environment variables. Whatever else stands where a name belongs may be a key that was pasted there. */
const NAME = /^([a-z][A-Za-z]{0,31}|[A-Z][A-Z0-9_]{0,63})$/;

function shownName(part: PropertyKey): string {
  return typeof part === 'number' || (typeof part === 'string' && NAME.test(part))
    ? String(part)
    : '…';
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const keys = issue.keys.map((key) => `"${shownName(key)}"`).join(', ');
  return `Unrecognized ${issue.keys.length === 1 ? 'key' : 'keys'}: ${keys}`;
}

function decode(
  schema: z.ZodType | undefined,
  value: unknown,
  part: string,
  issues: { path: string; message: string }[],
): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    issues.push({
      path: [part, ...issue.path.map(shownName)].join('.'),
      message: sentenceOf(issue),
    });
  }
  return undefined;
}
