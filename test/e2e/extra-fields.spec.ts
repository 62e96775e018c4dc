import { readFileSync } from 'node:fs';
import { newId } from '../../src/kernel/ids.js';
import { Installation, type Json, type ProjectFixture } from '../harness/installation.js';
import { query, signInAs } from '../harness/people.js';

interface Operation {
  readonly operationId: string;
  readonly security: Record<string, never>[];
  readonly requestBody?: { content: { 'application/json': { schema: Json } } };
}

const { paths, components } = JSON.parse(
  readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
};
const writing = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([method]) => method !== 'get')
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
const withBody = writing.filter(({ requestBody }) => requestBody !== undefined);

/** What somebody would like to set on the way: none of it is for the caller of any route to say. */
const WISHES = {
  role: 'owner',
  operator: true,
  organizationId: newId(),
  userId: newId(),
  balance: { deposited: '1000000', available: '1000000' },
  deposited: '1000000',
  state: 'active',
  isAdmin: true,
  createdBy: 'user:x',
};

/** Objects of a schema, with where they are, that take properties which it does not name. */
function openObjects(schema: Json, where: string, seen: ReadonlySet<string>): string[] {
  const reference = schema['$ref'] as string | undefined;
  if (reference !== undefined) {
    const name = reference.split('/').at(-1) ?? '';
    if (seen.has(name)) return [];
    return openObjects(components.schemas[name] ?? {}, where, new Set([...seen, name]));
  }
  const inner = ['anyOf', 'oneOf', 'allOf'].flatMap(
    (word) => (schema[word] as Json[] | undefined) ?? [],
  );
  const properties = Object.entries(
    (schema['properties'] as Record<string, Json> | undefined) ?? {},
  );
  const isOpen = properties.length > 0 && schema['additionalProperties'] !== false;
  return [
    ...(isOpen ? [where] : []),
    ...inner.flatMap((part) => openObjects(part, where, seen)),
    ...properties.flatMap(([name, part]) => openObjects(part, `${where}.${name}`, seen)),
    ...(schema['items'] === undefined
      ? []
      : openObjects(schema['items'] as Json, `${where}[]`, seen)),
  ];
}

describe('what a request may say', () => {
  let site: Installation;
  let project: ProjectFixture;
  let developer: string;
  beforeAll(async () => {
    site = await Installation.start();
    project = await site.project({ deposit: '3' });
    developer = await signInAs(site, 'developer');
  });
  afterAll(() => site.stop());

  const rights = () =>
    Promise.all(
      [
        'SELECT organization_id, user_id, role, disabled_at FROM members ORDER BY 1, 2',
        'SELECT id, email, operator FROM users ORDER BY 1',
        'SELECT id FROM organizations ORDER BY 1',
        'SELECT * FROM accounts ORDER BY project_id',
      ].map((sql) => query(site, sql)),
    );
  const fill = (path: string) =>
    path.replace(/\{(\w+)\}/g, (_all, name: string) =>
      name === 'projectId' ? project.id : name === 'keyId' ? project.keyId : newId(),
    );
  const tokenFor = ({ security }: Operation) =>
    Object.keys(security[0] ?? {})[0] === 'agent' ? project.key : site.token;

  it.each(withBody.map((operation) => [operation.operationId, operation] as const))(
    '%s names all that it takes, at every depth',
    (id, { requestBody }) => {
      const schema = requestBody?.content['application/json'].schema ?? {};
      expect(openObjects(schema, id, new Set())).toEqual([]);
    },
  );

  it.each(withBody.map((operation) => [operation.operationId, operation] as const))(
    '%s refuses what it does not name, and changes nothing',
    async (_id, operation) => {
      const schema = operation.requestBody?.content['application/json'].schema ?? {};
      const name = (schema['$ref'] as string | undefined)?.split('/').at(-1);
      const known = (name === undefined ? schema : components.schemas[name])?.['properties'] ?? {};
      const before = await rights();
      for (const [field, value] of Object.entries(WISHES)) {
        if (field in (known as Json)) continue;
        const { status, body } = await site.as(
          tokenFor(operation),
          operation.method,
          fill(operation.path),
          { [field]: value },
        );
        // Too many sign-ins are refused before anybody looks at what they say.
        if (status === 429) continue;
        expect([field, status, body['error']?.code]).toEqual([field, 422, 'VALIDATION_FAILED']);
        expect(JSON.stringify(body)).toContain(field);
      }
      expect(await rights()).toEqual(before);
    },
  );

  it('is nothing at all where a route takes no body', async () => {
    const before = await rights();
    const bare = writing.filter(({ requestBody, method }) => !requestBody && method !== 'DELETE');
    expect(bare.length).toBeGreaterThan(3);
    for (const operation of bare)
      await site.as(tokenFor(operation), operation.method, fill(operation.path), WISHES);
    expect(await rights()).toEqual(before);
  });

  it('does not make more of somebody than they are', async () => {
    const me = (token: string) => site.as(token, 'GET', '/v1/auth/me').then(({ body }) => body);
    const { permissions } = await me(developer);
    for (const { path, method } of withBody) await site.as(developer, method, fill(path), WISHES);
    expect(await me(developer)).toMatchObject({ role: 'developer', permissions });
  });
});
