import { z } from 'zod';
import { isAddressRange } from '../kernel/address-ranges.js';
import { KEY_SCOPES } from '../kernel/permissions.js';
import { defineRoute } from '../kernel/route.js';
import { instant, label, page, pageQuery, plainText, positiveMoney, uuid } from '../kernel/wire.js';

const keyId = z
  .string()
  .regex(/^[0-9A-Za-z]{8}$/, { error: 'A key id has eight letters or digits.' });

const params = z.strictObject({ keyId });

/** What a key may be limited to, when it is made and later. */
const rules = {
  scopes: z
    .array(z.enum(KEY_SCOPES))
    .min(1)
    .max(KEY_SCOPES.length)
    .describe(
      'What it may do: bootstrap (start, receive provider secrets), lease, report, listen. All unless given.',
    ),
  allowedAddresses: z
    .array(
      z.string().max(50).refine(isAddressRange, {
        error: 'Give an IPv4 or IPv6 address or a CIDR range, such as 203.0.113.0/24.',
      }),
    )
    .max(50)
    .describe('From where it may be used; empty: from everywhere.'),
  models: z
    .array(plainText(200).min(1))
    .max(50)
    .describe('Models that it may borrow for, as globs (gpt-5*); empty: every model.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(1_000_000)
    .nullable()
    .describe("Its own limit of requests; null: the server's."),
};
const { scopes, allowedAddresses, models, requestsPerMinute } = rules;
const optionalRules = {
  scopes: scopes.optional(),
  allowedAddresses: allowedAddresses.optional(),
  models: models.optional(),
  requestsPerMinute: requestsPerMinute.optional(),
};
const expiresInDays = z.int().min(1).max(3650).optional().describe('90 unless given.');

export const keyView = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('What lists and logs show of the key.'),
    environment: z.enum(['dev', 'live']),
    projectId: uuid,
    projectName: z.string(),
    state: z.enum(['active', 'blocked', 'revoked', 'expired']),
    ...rules,
    createdAt: instant,
    expiresAt: instant,
    expiresSoon: z.boolean().describe('Within two weeks, or the last fifth of a shorter life.'),
    rotatedAt: instant.nullable(),
    oldSecretUntil: instant.nullable().describe('Until when the secret before the rotation works.'),
    lastUsedAt: instant.nullable(),
    recentAddresses: z
      .array(z.object({ address: z.string(), lastUsedAt: instant }))
      .describe('The last ten addresses that it was used from, newest first.'),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'Key' });

const createdKey = z.object({ key: keyView, secret: z.string() }).meta({ id: 'CreatedKey' });

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
      requestId: uuid
        .optional()
        .describe(
          'Made by you: the same id twice makes one key. The repetition is refused with the id of the key (`keyId`), since its secret cannot be told again.',
        ),
      name: label(80),
      environment: z.enum(['dev', 'live']),
      expiresInDays,
      ...optionalRules,
      spendCap: positiveMoney
        .optional()
        .describe('Most that it may ever spend: a total budget of the key, made with it.'),
    })
    .meta({ id: 'KeyRequest' }),
  answer: createdKey,
  status: 201,
  errors: ['NOT_FOUND', 'PROJECT_ARCHIVED', 'CONFLICT'],
});

export const updateKey = defineRoute({
  id: 'updateKey',
  method: 'PATCH',
  path: '/v1/keys/{keyId}',
  tag: 'Keys',
  summary: 'Rename a key or change what it may do; counts everywhere within a second',
  access: 'key:write',
  params,
  body: z.strictObject({ name: label(80).optional(), ...optionalRules }).meta({ id: 'KeyChange' }),
  answer: keyView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const rotateKey = defineRoute({
  id: 'rotateKey',
  method: 'POST',
  path: '/v1/keys/{keyId}/rotation',
  tag: 'Keys',
  summary:
    'Give a key a new secret; its id, budget and history stay, and the old secret works for the overlap',
  access: 'key:write',
  params,
  body: z
    .strictObject({
      overlapMinutes: z
        .int()
        .min(0)
        .max(43_200)
        .optional()
        .describe('How long the old secret still works; 60 unless given, 0: not at all.'),
      expiresInDays,
      requestId: uuid
        .optional()
        .describe(
          'The same one again, after a lost answer: the key gets another secret in place of the lost one, and the old secret works as long as it did.',
        ),
    })
    .meta({ id: 'KeyRotation' }),
  answer: createdKey,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const revokeKey = defineRoute({
  id: 'revokeKey',
  method: 'DELETE',
  path: '/v1/keys/{keyId}',
  tag: 'Keys',
  summary: 'Revoke a key for good; running agents stop within two seconds',
  access: 'key:write',
  params,
  answer: keyView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const reportLeakedKey = defineRoute({
  id: 'reportLeakedKey',
  method: 'POST',
  path: '/v1/keys/revoke-by-hash',
  tag: 'Keys',
  summary:
    'For whoever finds a key in public: revokes the key of this hash; the answer is the same when there is none',
  access: 'public',
  body: z
    .strictObject({
      sha256: z
        .string()
        .regex(/^[0-9a-fA-F]{64}$/, { error: 'Give the SHA-256 of the whole key in hex.' })
        .describe('Of the whole text of the key, ic_ to the last character.'),
    })
    .meta({ id: 'LeakReport' }),
  answer: z.object({ status: z.literal('received') }).meta({ id: 'LeakReportAnswer' }),
  status: 202,
  errors: [],
});

export const rotatePepper = defineRoute({
  id: 'rotatePepper',
  method: 'POST',
  path: '/v1/keys/pepper/rotation',
  tag: 'Keys',
  summary:
    'Hash keys under a new pepper from now on (operators only); each key follows when it is next used',
  access: 'installation:manage',
  answer: z
    .object({
      version: z.int(),
      waitingKeys: z
        .int()
        .describe('Keys that still have a hash under an older pepper, and go on working.'),
    })
    .meta({ id: 'PepperRotation' }),
  status: 200,
  errors: ['CONFLICT', 'VAULT_SEALED'],
});

export const KEY_ROUTES = [
  listKeys,
  createKey,
  updateKey,
  rotateKey,
  revokeKey,
  reportLeakedKey,
  rotatePepper,
];
