import { readFileSync } from 'node:fs';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { newId } from '../../src/kernel/ids.js';
import { DEFAULT_RATE_LIMITS } from '../../src/platform/config/index.js';
import { type Answer, call, Installation } from '../harness/installation.js';

type Schema = Record<string, unknown>;

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { name: string; in: string }[];
  readonly body: Schema | undefined;
  readonly audience: 'user' | 'agent' | 'public';
  readonly statuses: ReadonlySet<number>;
}

/** It would end the stream only when we do. */
const STREAMS = ['sessionEvents', 'liveEvents'];

const document = JSON.parse(
  readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
) as { paths: Record<string, Record<string, Schema>>; components: { schemas: Schema } };

function operations(): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const security = described['security'] as object[];
      const content = (described['requestBody'] as Schema | undefined)?.['content'] as
        Record<string, { schema: Schema }> | undefined;
      return {
        id: described['operationId'] as string,
        method: method.toUpperCase(),
        path,
        parameters: described['parameters'] as Operation['parameters'],
        body: content?.['application/json']?.schema,
        audience: Object.keys(security[0] ?? { public: [] })[0] as Operation['audience'],
        statuses: new Set(Object.keys(described['responses'] as object).map(Number)),
      };
    }),
  );
}

function resolved(schema: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  return document.components.schemas[reference.split('/').at(-1) ?? ''] as Schema;
}

/** One value of every kind that JSON knows, and those that databases and parsers stumble over. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0.1,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u0007',
  "'; DROP TABLE projects; --",
  '-1',
  '1e9',
  '9'.repeat(400),
  'x'.repeat(10_000),
  '../../etc/passwd',
  '00000000-0000-0000-0000-000000000000',
  [],
  [null],
  Array<number>(2_000).fill(1),
  {},
  { constructor: 1, toString: 2 },
];

/** Something that the schema would take, as far as it can be told from it; what it cannot tell is what makes it odd. */
function plausible(given: Schema, depth = 0): unknown {
  const schema = resolved(given);
  const [first] = ((schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined) ?? [];
  if (first && depth < 6) return plausible(first, depth + 1);
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[])[0];
  if ('const' in schema) return schema['const'];
  switch (schema['type']) {
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
      const entries = Object.entries(properties).map(
        ([name, type]) => [name, plausible(type, depth + 1)] as const,
      );
      return depth > 6 ? {} : Object.fromEntries(entries);
    }
    case 'array':
      return depth > 6 ? [] : [plausible(schema['items'] as Schema, depth + 1)];
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    default:
      return schema['format'] === 'uuid' ? newId() : 'abc';
  }
}

/** The body with one field at a time turned odd, two levels deep. */
function* mutations(schema: Schema): Generator {
  const base = plausible(schema);
  yield* ODD;
  if (typeof base !== 'object' || base === null) return;
  yield { ...base, organizationId: newId(), role: 'owner', balance: '1' };
  let turn = 0;
  for (const [name, value] of Object.entries(base)) {
    const { [name]: _gone, ...without } = base as Record<string, unknown>;
    yield without;
    for (let i = 0; i < 6; i++) yield { ...base, [name]: ODD[turn++ % ODD.length] };
    const inner = Array.isArray(value) ? (value as unknown[])[0] : value;
    if (typeof inner !== 'object' || inner === null) continue;
    for (const key of Object.keys(inner)) {
      const odd = { ...inner, [key]: ODD[turn++ % ODD.length] };
      yield { ...base, [name]: Array.isArray(value) ? [odd] : odd };
    }
  }
}

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('whatever is sent to a route', () => {
  let site: Installation;
  let key: string;
  let projectId: string;
  const found: string[] = [];
  const answered = new Map<number, number>();
  beforeAll(async () => {
    site = await Installation.start({
      rateLimits: { ...DEFAULT_RATE_LIMITS, user: 5_000, failures: 1_000 },
    });
    ({ key, id: projectId } = await site.project({ deposit: '1' }));
  });
  afterAll(() => site.stop());
  const tokenOf = (operation: Operation) =>
    ({ user: site.token, agent: key, public: undefined })[operation.audience];

  /** Never a 5xx, and nothing that the document does not say. Too large and malformed are the same for every route. */
  const check = (operation: Operation, sent: string, answer: Answer) => {
    const { status } = answer;
    answered.set(status, (answered.get(status) ?? 0) + 1);
    const documented = operation.statuses.has(status) || [400, 404, 405, 413, 415].includes(status);
    if (status >= 500 || !documented)
      found.push(
        `${operation.id}: ${status} ${JSON.stringify(answer.body)} to ${sent.slice(0, 300)}`,
      );
  };
  const fill = (path: string, value: (name: string) => string) =>
    path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(value(name)));
  const good = (name: string) =>
    name === 'projectId' ? projectId : name === 'keyId' ? generateKey('dev').id : newId();
  const send = async (
    operation: Operation,
    { path, body }: { path: string; body?: string | undefined },
  ) => {
    const answer = await call(site.url, operation.method, path, {
      token: tokenOf(operation),
      ...(body !== undefined && { body }),
    });
    check(operation, `${path} ${body ?? ''}`, answer);
  };

  const all = operations().filter(({ id }) => !STREAMS.includes(id));

  it.each(all.filter(({ body }) => body !== undefined).map((one) => [one.id, one] as const))(
    'the body of %s, it is answered as documented',
    async (_id, operation) => {
      const path = fill(operation.path, good);
      const bodies = [...mutations(operation.body ?? {})].map((body) => JSON.stringify(body));
      const texts = ['', '{', '{"a":1}}', '{"__proto__":{"a":1}}', '"', deep(5_000)];
      for (const body of [...bodies, ...texts]) await send(operation, { path, body });
      expect(found).toEqual([]);
    },
    60_000,
  );

  it.each(all.map((one) => [one.id, one] as const))(
    'the address of %s, it is answered as documented',
    async (_id, operation) => {
      const body = operation.body && JSON.stringify(plausible(operation.body));
      const odd = ['x', '%00', '..', "' OR 1=1", 'x'.repeat(300), '😀', '-1'];
      if (operation.path.includes('{')) {
        for (const value of odd)
          await send(operation, { path: fill(operation.path, () => value), body });
      }
      const path = fill(operation.path, good);
      for (const { name } of operation.parameters.filter((one) => one.in === 'query')) {
        for (const value of [...odd, '', '9'.repeat(30), '0', '1e3', '[]'])
          await send(operation, { path: `${path}?${name}=${encodeURIComponent(value)}`, body });
        await send(operation, { path: `${path}?${name}=1&${name}=2`, body });
      }
      await send(operation, { path: `${path}?unknown=1`, body });
      expect(found).toEqual([]);
    },
    60_000,
  );

  it('ten megabytes, it is refused as too large, or the connection is closed', async () => {
    const huge = JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) });
    for (const operation of all.filter(({ body }) => body !== undefined)) {
      const answer = await call(site.url, operation.method, fill(operation.path, good), {
        token: tokenOf(operation),
        body: huge,
      }).catch((error: unknown) => error as Error);
      if (!(answer instanceof Error))
        expect([operation.id, answer.status]).toEqual([operation.id, 413]);
    }
    expect((await call(site.url, 'GET', '/readyz')).status).toBe(200);
  }, 60_000);

  it('another type of content, it is refused', async () => {
    for (const operation of all.filter(({ body }) => body !== undefined)) {
      const answer = await call(site.url, operation.method, fill(operation.path, good), {
        token: tokenOf(operation),
        body: '<a/>',
        headers: { 'content-type': 'application/xml' },
      });
      expect([operation.id, answer.status]).toEqual([operation.id, 415]);
    }
  });

  it('it was looked at, and not turned away at the door', () => {
    const share = (...statuses: number[]) =>
      statuses.reduce((sum, status) => sum + (answered.get(status) ?? 0), 0) /
      [...answered.values()].reduce((sum, count) => sum + count, 0);
    expect(share(422)).toBeGreaterThan(0.4);
    expect(share(401, 403, 429)).toBeLessThan(0.2);
    expect(share(200, 201, 202, 204)).toBeGreaterThan(0.01);
  });

  it('nothing of it broke the ledger', async () => {
    expect((await site.ledgerCheck()).ok).toBe(true);
  });
});
