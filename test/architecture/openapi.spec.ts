import { readFileSync } from 'node:fs';
import { openApiDocument } from '../../src/kernel/openapi.js';
import { ROUTES } from '../../src/routes.js';

describe('openapi.json', () => {
  it('says what the routes say; if not, run: npm run openapi', () => {
    const committed: unknown = JSON.parse(readFileSync('openapi.json', 'utf8'));
    expect(committed).toEqual(JSON.parse(JSON.stringify(openApiDocument(ROUTES, '1'))));
  });

  it('gives every route an id and a path of its own', () => {
    expect(new Set(ROUTES.map((route) => route.id)).size).toBe(ROUTES.length);
    expect(new Set(ROUTES.map((route) => `${route.method} ${route.path}`)).size).toBe(
      ROUTES.length,
    );
  });
});
