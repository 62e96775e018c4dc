import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { base64url, label, money, uuid } from '../kernel/wire.js';
import { piiPolicy } from '../kernel/pii-policy.js';
import { unboundedRule } from '../kernel/unbounded-rule.js';
import { VAULT_KEY_ROUTES } from './keys.contract.js';
import { SECRET_ROUTES } from './secrets.contract.js';

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
      replaces: uuid
        .optional()
        .describe('The session that this process held until now: who stops one stops both.'),
      agent: z.strictObject({
        name: label(120).optional(),
        sdk: label(80),
        runtime: label(80),
        host: label(255),
        pid: z
          .int()
          .min(0)
          .max(2 ** 31 - 1),
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
      secretsVersion: z
        .string()
        .describe('Another one in the state of the session: there are other secrets to fetch.'),
      policy: z.object({
        trancheSize: money,
        reportIntervalSeconds: z.int(),
        heartbeatSeconds: z.int(),
        models: z
          .array(z.string())
          .describe('Globs of the models that the key is for; empty: every model.'),
        mode: z
          .enum(['enforce', 'observe'])
          .describe('observe: an agent may rehearse, and send what its own rules would stop.'),
        unbounded: unboundedRule,
        pii: piiPolicy,
      }),
      prices: priceTable,
    })
    .meta({ id: 'Session' }),
  status: 201,
  errors: [
    'PROJECT_PAUSED',
    'PROJECT_ARCHIVED',
    'PROJECT_HAS_NO_SECRET',
    'SESSION_KILLED',
    'VAULT_SEALED',
    'KEK_MISSING',
    'SECRET_UNREADABLE',
    'SECRET_ALTERED',
    'SECRET_SOURCE_UNAVAILABLE',
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

export const VAULT_ROUTES = [...SECRET_ROUTES, ...VAULT_KEY_ROUTES, startSession, endSession];
