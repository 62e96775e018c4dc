import { z } from 'zod';
import { ERROR_STATUS, type ErrorCode } from './errors.js';
import type { Route } from './route.js';

type Json = Record<string, unknown>;

/** Every route may give these, whatever it does. */
const COMMON: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
];
const CLOSED: readonly ErrorCode[] = [
  'NOT_SIGNED_IN',
  'TOKEN_INVALID',
  'KEY_MALFORMED',
  'KEY_INVALID',
  'KEY_REVOKED',
  'KEY_BLOCKED',
  'KEY_EXPIRED',
  'KEY_ENVIRONMENT',
  'KEY_ADDRESS_REFUSED',
  'FORBIDDEN',
];

/** Of those that a session's proof may come with. */
const PROVEN: readonly ErrorCode[] = [
  'PROOF_REQUIRED',
  'PROOF_INVALID',
  'PROOF_EXPIRED',
  'PROOF_OF_OTHER_SESSION',
];
const PROOF_PARAMETER: Json = {
  name: 'Iron-Cage-Proof',
  in: 'header',
  required: false,
  description: 'The proof of the session; required where the project says so.',
  schema: { type: 'string', maxLength: 120 },
};

const errorAnswer = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      requestId: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .meta({ id: 'Error' });

/**
 * The OpenAPI 3.1 document of a list of routes. The schemas are the wire side of the codecs: what is sent, not what the code sees.
 */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of [...routes].sort(
    (a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method),
  )) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Iron Cage',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: {
        user: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Access token of a signed-in member.',
        },
        agent: { type: 'http', scheme: 'bearer', description: 'Iron Cage key, `ic_<env>_…`.' },
      },
    },
  };
}

function operation(route: Route, schemas: Json): Json {
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    security:
      route.access === 'public'
        ? []
        : [{ [route.access.startsWith('agent:') ? 'agent' : 'user']: [] }],
    parameters: [
      ...parameters('path', route.params, schemas),
      ...parameters('query', route.query, schemas),
      ...(mayBeProven(route) ? [PROOF_PARAMETER] : []),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: wireSchema(route.body, schemas) } },
      },
    }),
    responses: { ...success(route, schemas), ...failures(route, schemas) },
  };
}

function mayBeProven({ access }: Route): boolean {
  return access.startsWith('agent:');
}

function success(route: Route, schemas: Json): Json {
  const content = route.produces
    ? { [route.produces]: { schema: { type: 'string' } } }
    : route.answer && { 'application/json': { schema: wireSchema(route.answer, schemas) } };
  return {
    [route.status]: {
      description: route.status === 204 ? 'Done' : 'OK',
      ...(content && { content }),
    },
  };
}

function failures(route: Route, schemas: Json): Json {
  const codes = [
    ...COMMON,
    ...(route.access === 'public' ? [] : CLOSED),
    ...(mayBeProven(route) ? PROVEN : []),
    ...route.errors,
  ];
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_STATUS[code]);
  const schema = wireSchema(errorAnswer, schemas);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        status,
        { description: list.join(', '), content: { 'application/json': { schema } } },
      ]),
  );
}

function parameters(
  place: 'path' | 'query',
  shape: z.ZodObject | undefined,
  schemas: Json,
): Json[] {
  if (!shape) return [];
  return Object.entries(shape.shape).map(([name, type]) => ({
    name,
    in: place,
    required: place === 'path' || !(type as z.ZodType).safeParse(undefined).success,
    schema: wireSchema(type as z.ZodType, schemas),
  }));
}

/** JSON Schema of one type; parts that carry an id move to the components and are referred to. */
function wireSchema(type: z.ZodType, schemas: Json): Json {
  const {
    $schema: _dialect,
    $defs,
    ...schema
  } = z.toJSONSchema(type, {
    io: 'input',
    target: 'draft-2020-12',
    reused: 'inline',
    unrepresentable: 'any',
  }) as Json & { $defs?: Json };
  for (const [id, definition] of Object.entries($defs ?? {})) schemas[id] = relocate(definition);
  const moved = relocate(schema) as Json;
  if (typeof moved['id'] !== 'string') return moved;
  const { id, ...rest } = moved;
  schemas[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

function relocate(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relocate);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) =>
      key === '$ref' && typeof value === 'string'
        ? [key, value.replace('#/$defs/', '#/components/schemas/')]
        : [key, relocate(value)],
    ),
  );
}
