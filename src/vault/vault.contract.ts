import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { base64url, instant, label, money, uuid } from '../kernel/wire.js';

/** Variables that steer the process itself: a secret must not be able to. */
const RESERVED =
  /^(PATH|HOME|SHELL|USER|TMPDIR|NODE_.*|LD_.*|DYLD_.*|IRON_CAGE_.*|SSL_CERT_.*|(HTTPS?|ALL|NO)_PROXY)$/;

const fieldName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, {
    error: 'A field is named like an environment variable: OPENAI_API_KEY.',
  })
  .refine((name) => !RESERVED.test(name), {
    error:
      "This variable steers the agent's process; name the field after the provider, such as OPENAI_API_KEY.",
  });
const fieldValue = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[\u0021-\u007e]+$/, {
    error: 'A provider key has no spaces, line breaks or special characters.',
  });
const host = z
  .string()
  .max(260)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, {
    error: 'Give a host such as api.openai.com, without a scheme or path.',
  })
  .refine(isHost, { error: 'This is not a host that can be reached, such as api.openai.com.' });

/** What an SDK will compare with the address of a request. */
function isHost(text: string): boolean {
  const address = `https://${text}`;
  return !text.includes('..') && URL.canParse(address) && new URL(address).host === text;
}
const fields = z
  .record(fieldName, fieldValue)
  .refine((map) => Object.keys(map).length >= 1 && Object.keys(map).length <= 16, {
    error: 'Give between one and 16 fields.',
  });

export const secretView = z
  .object({
    id: uuid,
    name: z.string(),
    provider: z.string(),
    projectId: uuid.nullable().describe('null: every project of the organization'),
    hosts: z.array(z.string()),
    fields: z.array(z.object({ name: z.string(), last4: z.string() })),
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Secret' });

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
  body: z
    .strictObject({
      name: label(80),
      provider: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, {
        error: 'Give a provider id such as openai; GET /v1/providers lists them.',
      }),
      projectId: uuid.optional(),
      fields,
      hosts: z
        .array(host)
        .min(1)
        .max(16)
        .optional()
        .describe("The provider's own hosts unless given."),
    })
    .meta({ id: 'SecretRequest' }),
  answer: secretView,
  status: 201,
  errors: ['NOT_FOUND', 'NAME_TAKEN'],
});

export const rotateSecret = defineRoute({
  id: 'rotateSecret',
  method: 'POST',
  path: '/v1/secrets/{secretId}/versions',
  tag: 'Vault',
  summary: 'Store a new version; sessions that start from now on get it',
  access: 'secret:write',
  params: z.strictObject({ secretId: uuid }),
  body: z.strictObject({ fields }).meta({ id: 'SecretVersionRequest' }),
  answer: secretView,
  status: 201,
  errors: ['NOT_FOUND'],
});

export const deleteSecret = defineRoute({
  id: 'deleteSecret',
  method: 'DELETE',
  path: '/v1/secrets/{secretId}',
  tag: 'Vault',
  summary: 'Destroy a secret with all its versions',
  access: 'secret:write',
  params: z.strictObject({ secretId: uuid }),
  status: 204,
  errors: ['NOT_FOUND'],
});

/** The price table of a bundle, as docs/sdk-protocol.md describes it; the billing feature fills it. */
const priceTable = z
  .looseObject({
    version: z.string(),
    models: z.array(z.looseObject({ provider: z.string(), id: z.string() })),
  })
  .meta({ id: 'PriceTable' });

export const startSession = defineRoute({
  id: 'startSession',
  method: 'POST',
  path: '/v1/sdk/sessions',
  tag: 'SDK',
  summary: 'An agent starts: authenticate, receive policy, prices and the sealed provider secrets',
  access: 'agent:bootstrap',
  body: z
    .strictObject({
      protocol: z.int(),
      publicKey: base64url(32, 32),
      nonce: base64url(16, 32),
      agent: z.strictObject({
        name: label(120).optional(),
        sdk: label(80),
        runtime: label(80),
        host: label(255),
        pid: z
          .int()
          .min(0)
          .max(2 ** 31),
      }),
    })
    .meta({ id: 'SessionRequest' }),
  answer: z
    .object({
      sessionId: uuid,
      organization: z.object({ id: uuid, name: z.string() }),
      project: z.object({ id: uuid, name: z.string(), state: z.string() }),
      secrets: z.object({
        enc: z.string(),
        ciphertext: z.string(),
        expiresAt: z.int(),
        ttlSeconds: z.int(),
      }),
      policy: z.object({
        trancheSize: money,
        reportIntervalSeconds: z.int(),
        heartbeatSeconds: z.int(),
        pii: z.object({ email: z.string(), card: z.string() }),
      }),
      prices: priceTable,
    })
    .meta({ id: 'Session' }),
  status: 201,
  errors: [
    'PROJECT_PAUSED',
    'PROJECT_ARCHIVED',
    'PROJECT_HAS_NO_SECRET',
    'KEY_EXCHANGE_FAILED',
    'PROTOCOL_UNSUPPORTED',
  ],
});

export const endSession = defineRoute({
  id: 'endSession',
  method: 'DELETE',
  path: '/v1/sdk/sessions/{sessionId}',
  tag: 'SDK',
  summary: 'An agent ends',
  access: 'agent:run',
  params: z.strictObject({ sessionId: uuid }),
  status: 204,
  errors: ['NOT_FOUND'],
});

export const VAULT_ROUTES = [
  listProviders,
  listSecrets,
  createSecret,
  rotateSecret,
  deleteSecret,
  startSession,
  endSession,
];
