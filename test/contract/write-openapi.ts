import { writeFileSync } from 'node:fs';
import { openApiDocument } from '../../src/kernel/openapi.js';
import { ROUTES } from '../../src/routes.js';

// Writes openapi.json, the committed description of the HTTP API; a test compares it with the routes.
writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(openApiDocument(ROUTES, '1'), null, 1)}\n`,
);
