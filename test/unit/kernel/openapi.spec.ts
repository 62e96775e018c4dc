import { z } from 'zod';
import { ERROR_STATUS } from '../../../src/kernel/errors.js';
import { openApiDocument } from '../../../src/kernel/openapi.js';
import { ROLE_PERMISSIONS } from '../../../src/kernel/permissions.js';
import { defineRoute, type Route } from '../../../src/kernel/route.js';
import { money } from '../../../src/kernel/wire.js';
import { ROUTES } from '../../../src/routes.js';

const example = defineRoute({
  id: 'example',
  method: 'POST',
  path: '/v1/things/{thingId}',
  tag: 'Things',
  summary: 'An example',
  access: 'project:write',
  params: z.strictObject({ thingId: z.string() }),
  query: z.strictObject({ limit: z.coerce.number().int().optional(), word: z.string() }),
  body: z.strictObject({ amount: money }).meta({ id: 'ThingRequest' }),
  answer: z.object({ amount: money }).meta({ id: 'Thing' }),
  status: 201,
  errors: ['NOT_FOUND'],
}) as Route;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a document, walked by the expectations
type Json = Record<string, any>;
const document = (routes: readonly Route[]): Json => openApiDocument(routes, '1');

describe('the OpenAPI document', () => {
  const all = document(ROUTES);
  const operations = Object.values<Json>(all['paths']).flatMap((path) => Object.values<Json>(path));

  it('has every route once, with its own id', () => {
    expect(operations).toHaveLength(ROUTES.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
  });

  it('closes every route that is not public, and says so', () => {
    for (const route of ROUTES) {
      const operation = all['paths'][route.path][route.method.toLowerCase()] as Json;
      const scheme = route.access.startsWith('agent:') ? 'agent' : 'user';
      expect(operation['security']).toEqual(route.access === 'public' ? [] : [{ [scheme]: [] }]);
      if (route.access !== 'public') expect(Object.keys(operation['responses'])).toContain('401');
    }
    const open = ROUTES.filter(({ access }) => access === 'public').map(({ id }) => id);
    expect(open.sort()).toEqual(
      [
        'completeSetup',
        'getSetup',
        'livez',
        'login',
        'logout',
        'metrics',
        'readyz',
        'refreshLogin',
        'reportLeakedKey',
      ].sort(),
    );
  });

  it('refers only to schemas that are there', () => {
    const text = JSON.stringify(all);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(all['components'].schemas).toHaveProperty(name ?? '');
    expect(text).not.toContain('#/$defs');
  });

  it('shows money as text, parameters with their place, and every promised status', () => {
    const { paths, components } = document([example]);
    const operation = paths['/v1/things/{thingId}'].post as Json;
    expect(operation['parameters']).toMatchObject([
      { name: 'thingId', in: 'path', required: true },
      { name: 'limit', in: 'query', required: false },
      { name: 'word', in: 'query', required: true },
    ]);
    expect(components.schemas.ThingRequest.properties.amount.type).toBe('string');
    expect(components.schemas.Thing.properties.amount.type).toBe('string');
    expect(Object.keys(operation['responses'])).toEqual(
      ['201', '401', '403', '404', '422', '429', '500', '503'].sort(),
    );
  });

  it('promises only errors of the catalogue', () => {
    for (const { errors } of ROUTES) {
      for (const code of errors) expect(ERROR_STATUS).toHaveProperty(code);
    }
  });
});

describe('roles', () => {
  it('grow from viewer to owner, and none of them may run as an agent', () => {
    const { viewer, developer, admin, owner } = ROLE_PERMISSIONS;
    const within = (small: ReadonlySet<unknown>, big: ReadonlySet<unknown>) =>
      [...small].every((permission) => big.has(permission));
    expect(within(viewer, developer) && within(developer, admin) && within(admin, owner)).toBe(
      true,
    );
    for (const role of Object.values(ROLE_PERMISSIONS)) {
      expect(role.has('agent:run')).toBe(false);
      expect(role.has('organization:create')).toBe(false);
    }
    for (const permission of viewer) expect(permission).not.toMatch(/write|manage|pause|create/);
  });
});
