import { z } from 'zod';
import { ROLES } from '../kernel/permissions.js';
import { defineRoute } from '../kernel/route.js';
import { instant, label, page, pageQuery, uuid } from '../kernel/wire.js';

const keyId = z
  .string()
  .regex(/^[0-9A-Za-z]{8}$/, { error: 'A key id has eight letters or digits.' });

export const keyView = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('What lists and logs show of the key.'),
    environment: z.enum(['dev', 'live']),
    projectId: uuid,
    projectName: z.string(),
    state: z.enum(['active', 'blocked', 'revoked', 'expired']),
    createdAt: instant,
    expiresAt: instant,
    lastUsedAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'Key' });

export const whoAmI = defineRoute({
  id: 'whoAmI',
  method: 'GET',
  path: '/v1/auth/me',
  tag: 'Sign-in',
  summary: 'Who you are, where, and what you may do',
  access: 'session:self',
  answer: z
    .object({
      userId: uuid,
      email: z.string(),
      organizationId: uuid,
      role: z.enum(ROLES),
      permissions: z.array(z.string()),
    })
    .meta({ id: 'Me' }),
  status: 200,
  errors: [],
});

export const listKeys = defineRoute({
  id: 'listKeys',
  method: 'GET',
  path: '/v1/keys',
  tag: 'Keys',
  summary: 'Iron Cage keys, newest first; never the secret part',
  access: 'key:read',
  query: z.strictObject({ ...pageQuery, projectId: uuid.optional() }),
  answer: page(keyView).meta({ id: 'KeyPage' }),
  status: 200,
  errors: [],
});

export const createKey = defineRoute({
  id: 'createKey',
  method: 'POST',
  path: '/v1/projects/{projectId}/keys',
  tag: 'Keys',
  summary: 'Create a key for one project; the answer is the only place where it can be read',
  access: 'key:write',
  params: z.strictObject({ projectId: uuid }),
  body: z
    .strictObject({
      name: label(80),
      environment: z.enum(['dev', 'live']),
      expiresInDays: z.int().min(1).max(3650).optional().describe('90 unless given.'),
    })
    .meta({ id: 'KeyRequest' }),
  answer: z.object({ key: keyView, secret: z.string() }).meta({ id: 'CreatedKey' }),
  status: 201,
  errors: ['NOT_FOUND', 'PROJECT_ARCHIVED'],
});

export const revokeKey = defineRoute({
  id: 'revokeKey',
  method: 'DELETE',
  path: '/v1/keys/{keyId}',
  tag: 'Keys',
  summary: 'Revoke a key for good; running agents stop within two seconds',
  access: 'key:write',
  params: z.strictObject({ keyId }),
  answer: keyView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const AUTH_ROUTES = [whoAmI, listKeys, createKey, revokeKey];
