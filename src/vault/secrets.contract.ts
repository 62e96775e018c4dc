import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label, uuid } from '../kernel/wire.js';
import { termsShape, withValues } from './secret-terms.contract.js';

const field = z.object({
  name: z.string(),
  last4: z.string(),
  reference: z.string().nullable().describe('Where the server reads it; null: it is stored here.'),
});

export const secretView = z
  .object({
    id: uuid,
    name: z.string(),
    provider: z.string(),
    projectId: uuid.nullable().describe('null: every project of the organization'),
    // Not what may be stored but what is: a row that somebody altered must not keep the others from being shown.
    hosts: z.array(z.string()),
    paths: z.array(z.string()),
    header: z.object({ name: z.string(), value: z.string() }).nullable(),
    metered: z.boolean(),
    environment: termsShape.environment,
    fields: z.array(field),
    version: z.int(),
    problem: z
      .object({
        code: z
          .string()
          .describe('SECRET_ALTERED, SECRET_UNREADABLE, SECRET_SOURCE_UNAVAILABLE or KEK_MISSING'),
        since: instant,
      })
      .nullable()
      .describe('Why the last agents that should have got it did not; null: they did.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Secret' });

export const secretVersionView = z
  .object({
    version: z.int(),
    state: z.enum(['current', 'earlier', 'destroyed']),
    fields: z.array(field),
    liveSessions: z.int().describe('Running sessions that were handed this version.'),
    safeToDelete: z.boolean().describe('Not current, and no running session holds it any more.'),
    createdBy: z.string(),
    createdByName: z.string().nullable(),
    createdAt: instant,
    destroyedAt: instant.nullable(),
  })
  .meta({ id: 'SecretVersion' });

/** A change looks at what was there, and binds what is there then; both take the data key. */
const KEYS_NEEDED = ['VAULT_SEALED', 'KEK_MISSING', 'SECRET_UNREADABLE', 'SECRET_ALTERED'] as const;
const secretId = z.strictObject({ secretId: uuid });
const versionNumber = z.coerce.number().int().min(1).max(1_000_000);

export const listProviders = defineRoute({
  id: 'listProviders',
  method: 'GET',
  path: '/v1/providers',
  tag: 'Vault',
  summary: 'Providers that are known, with their hosts and fields',
  access: 'secret:read',
  answer: z
    .object({
      items: z.array(
        z
          .object({
            id: z.string(),
            name: z.string(),
            hosts: z.array(z.string()),
            fields: z.array(z.string()),
          })
          .meta({ id: 'Provider' }),
      ),
    })
    .meta({ id: 'ProviderList' }),
  status: 200,
  errors: [],
});

export const listSecrets = defineRoute({
  id: 'listSecrets',
  method: 'GET',
  path: '/v1/secrets',
  tag: 'Vault',
  summary: 'Provider secrets; of the values only the last four characters',
  access: 'secret:read',
  query: z.strictObject({
    projectId: uuid.optional().describe('Only those that this project gets.'),
  }),
  answer: z.object({ items: z.array(secretView) }).meta({ id: 'SecretList' }),
  status: 200,
  errors: [],
});

export const createSecret = defineRoute({
  id: 'createSecret',
  method: 'POST',
  path: '/v1/secrets',
  tag: 'Vault',
  summary: 'Store a provider key; it is encrypted and never shown again',
  access: 'secret:write',
  body: withValues({
    name: label(80),
    provider: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
      error: 'Give a provider id such as openai; GET /v1/providers lists them.',
    }),
    projectId: uuid.optional(),
    hosts: termsShape.hosts.optional().describe("The provider's own hosts unless given."),
    paths: termsShape.paths.optional(),
    header: termsShape.header.optional(),
    metered: termsShape.metered.optional(),
    environment: termsShape.environment.optional(),
  }).meta({ id: 'SecretRequest' }),
  answer: secretView,
  status: 201,
  errors: [
    'NOT_FOUND',
    'NAME_TAKEN',
    'TOO_MANY_SECRETS',
    'VAULT_SEALED',
    'KEK_MISSING',
    'SECRET_UNREADABLE',
    'SECRET_SOURCE_UNAVAILABLE',
  ],
});

export const updateSecret = defineRoute({
  id: 'updateSecret',
  method: 'PATCH',
  path: '/v1/secrets/{secretId}',
  tag: 'Vault',
  summary: 'Change where a secret may be sent and how; running sessions fetch it again',
  access: 'secret:write',
  params: secretId,
  body: z
    .strictObject({
      name: label(80).optional(),
      hosts: termsShape.hosts.optional(),
      paths: termsShape.paths.optional(),
      header: termsShape.header.optional(),
      metered: termsShape.metered.optional(),
    })
    .refine((body) => Object.keys(body).length > 0, { error: 'Say what to change.' })
    .meta({ id: 'SecretUpdate' }),
  answer: secretView,
  status: 200,
  errors: ['NOT_FOUND', 'NAME_TAKEN', ...KEYS_NEEDED],
});

export const rotateSecret = defineRoute({
  id: 'rotateSecret',
  method: 'POST',
  path: '/v1/secrets/{secretId}/versions',
  tag: 'Vault',
  summary: 'Store a new version; it is handed out at once, and running sessions fetch it',
  access: 'secret:write',
  params: secretId,
  body: withValues({}).meta({ id: 'SecretVersionRequest' }),
  answer: secretView,
  status: 201,
  errors: ['NOT_FOUND', ...KEYS_NEEDED, 'SECRET_SOURCE_UNAVAILABLE'],
});

export const listSecretVersions = defineRoute({
  id: 'listSecretVersions',
  method: 'GET',
  path: '/v1/secrets/{secretId}/versions',
  tag: 'Vault',
  summary: 'Versions, newest first, with the running sessions that hold them',
  access: 'secret:read',
  params: secretId,
  answer: z.object({ items: z.array(secretVersionView) }).meta({ id: 'SecretVersionList' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const rollBackSecret = defineRoute({
  id: 'rollBackSecret',
  method: 'POST',
  path: '/v1/secrets/{secretId}/rollback',
  tag: 'Vault',
  summary: 'Hand out an earlier version again; running sessions fetch it',
  access: 'secret:write',
  params: secretId,
  body: z
    .strictObject({ version: z.int().min(1).max(1_000_000) })
    .meta({ id: 'SecretRollbackRequest' }),
  answer: secretView,
  status: 200,
  errors: ['NOT_FOUND', 'CONFLICT', ...KEYS_NEEDED],
});

export const destroySecretVersion = defineRoute({
  id: 'destroySecretVersion',
  method: 'DELETE',
  path: '/v1/secrets/{secretId}/versions/{number}',
  tag: 'Vault',
  summary: 'Destroy an earlier version for good; refused while a running session holds it',
  access: 'secret:write',
  params: z.strictObject({ secretId: uuid, number: versionNumber }),
  query: z.strictObject({
    force: z
      .enum(['true', 'false'])
      .optional()
      .describe('true: also while a running session holds it.'),
  }),
  status: 204,
  errors: ['NOT_FOUND', 'CONFLICT', 'SECRET_IN_USE', ...KEYS_NEEDED],
});

export const deleteSecret = defineRoute({
  id: 'deleteSecret',
  method: 'DELETE',
  path: '/v1/secrets/{secretId}',
  tag: 'Vault',
  summary: 'Destroy a secret with all its versions',
  access: 'secret:write',
  params: secretId,
  status: 204,
  errors: ['NOT_FOUND'],
});

export const SECRET_ROUTES = [
  listProviders,
  listSecrets,
  createSecret,
  updateSecret,
  rotateSecret,
  listSecretVersions,
  rollBackSecret,
  destroySecretVersion,
  deleteSecret,
];
