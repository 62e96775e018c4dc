import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, money, plainText, positiveMoney, uuid } from '../kernel/wire.js';
import { piiPolicy } from '../kernel/pii-policy.js';
import { unboundedRule } from '../kernel/unbounded-rule.js';
import { LEASE_STATES } from './lease-states.contract.js';

/* What a running agent calls; docs/sdk-protocol.md explains it. */

const names = z.array(plainText(200).min(1)).max(20);

const leaseWish = {
  leaseId: uuid.describe('UUIDv7, made by the client.'),
  wanted: positiveMoney,
  minimum: money.describe('Less than this is refused.'),
  purpose: z
    .strictObject({ models: names.optional(), tags: names.optional() })
    .optional()
    .describe('Models and tags that it is for. Not told: any, so that every budget applies.'),
};
const grant = z.object({
  leaseId: uuid,
  amount: money,
  ttlSeconds: z.int(),
  nextResetAt: instant
    .nullable()
    .describe('When the first of the budgets that hold it starts anew.'),
});

const minimumFits = ({ wanted, minimum }: { wanted: bigint; minimum: bigint }): boolean =>
  minimum <= wanted;
const MINIMUM_TOO_LARGE = {
  error: 'The minimum is more than what is wanted.',
  path: ['minimum'],
};

export const acquireLease = defineRoute({
  id: 'acquireLease',
  method: 'POST',
  path: '/v1/sdk/leases',
  tag: 'SDK',
  summary: 'Borrow: move money out of the balance in advance',
  access: 'agent:lease',
  body: z
    .strictObject({ ...leaseWish, sessionId: uuid })
    .refine(minimumFits, MINIMUM_TOO_LARGE)
    .meta({ id: 'LeaseRequest' }),
  answer: grant.meta({ id: 'LeaseGrant' }),
  status: 201,
  errors: [
    'BUDGET_EXCEEDED',
    'PROJECT_PAUSED',
    'PROJECT_ARCHIVED',
    'SESSION_ENDED',
    'SESSION_KILLED',
    'TOO_MANY_LEASES',
    'MODEL_NOT_ALLOWED',
    'VELOCITY_EXCEEDED',
    'CONFLICT',
    'NOT_FOUND',
  ],
});

const tokens = z.int().min(0).max(1_000_000_000);
export const usageRecord = z
  .strictObject({
    id: uuid,
    provider: plainText(64).min(1),
    model: plainText(200).min(1),
    outcome: z.enum(['completed', 'aborted', 'failed']),
    estimated: z.boolean(),
    tokens: z.strictObject({
      input: tokens,
      cacheRead: tokens,
      cacheWrite5m: tokens,
      cacheWrite1h: tokens,
      output: tokens,
      audioInput: tokens,
      audioOutput: tokens,
      imageInput: tokens.optional(),
      videoInput: tokens.optional(),
      audioCacheRead: tokens.optional(),
      imageCacheRead: tokens.optional(),
      imageOutput: tokens.optional(),
      videoOutput: tokens.optional(),
      webSearches: tokens.optional().describe('Searches, not tokens.'),
      fileSearches: tokens.optional().describe('Searches in stored files, not tokens.'),
      containers: tokens.optional().describe('Containers that code ran in.'),
      audioSeconds: tokens.optional().describe('Seconds of audio that were transcribed.'),
      characters: tokens.optional().describe('Characters that were spoken.'),
      searchUnits: tokens.optional().describe("A reranker's search units."),
    }),
    cost: money,
    pricesVersion: plainText(64),
    durationMs: z.int().min(0).max(86_400_000),
    tags: names.optional(),
    modifiers: z
      .array(z.string().regex(/^[a-z][a-z0-9_]{0,31}:[a-z0-9_-]{1,31}$/))
      .max(8)
      .optional()
      .describe('How the call was served, where that changes its price: `service_tier:priority`.'),
  })
  .meta({ id: 'UsageRecord' });

export const settleLease = defineRoute({
  id: 'settleLease',
  method: 'POST',
  path: '/v1/sdk/leases/{leaseId}/settlements',
  tag: 'SDK',
  summary: 'Report real usage, give the rest back, take the next tranche: one transaction',
  access: 'agent:report',
  params: z.strictObject({ leaseId: uuid }),
  body: z
    .strictObject({
      sessionId: uuid,
      seq: z.int().min(1).max(1_000_000),
      usage: z.array(usageRecord).max(1_000),
      final: z.boolean(),
      next: z.strictObject(leaseWish).refine(minimumFits, MINIMUM_TOO_LARGE).optional(),
    })
    .refine((body) => body.final || body.next === undefined, {
      error: 'A next lease needs "final": true.',
      path: ['next'],
    })
    .meta({ id: 'SettlementRequest' }),
  answer: z
    .object({
      leaseId: uuid,
      seq: z.int(),
      state: z.enum(LEASE_STATES),
      booked: money,
      returned: money,
      late: money,
      next: z
        .union([
          grant.extend({ granted: z.literal(true) }),
          z.object({
            granted: z.literal(false),
            error: z.object({
              code: z.string(),
              message: z.string(),
              details: z.record(z.string(), z.unknown()).optional(),
            }),
          }),
        ])
        .optional(),
    })
    .meta({ id: 'SettlementAnswer' }),
  status: 200,
  errors: ['NOT_FOUND', 'FORBIDDEN', 'MODEL_NOT_ALLOWED', 'CONFLICT'],
});

export const sessionState = z
  .object({
    session: z.enum(['active', 'ended', 'killed']),
    key: z.enum(['active', 'revoked']),
    project: z.enum(['active', 'paused', 'archived']),
    pricesVersion: z.string(),
    secretsVersion: z.string().describe('Another one than that of the session: fetch them again.'),
    available: money,
    unbounded: unboundedRule,
    pii: piiPolicy.describe('What holds about personal data from now on.'),
  })
  .meta({ id: 'SessionState' });

export const heartbeat = defineRoute({
  id: 'heartbeat',
  method: 'POST',
  path: '/v1/sdk/sessions/{sessionId}/heartbeat',
  tag: 'SDK',
  summary: 'Say that the agent lives; learn whether it may go on',
  access: 'agent:run',
  params: z.strictObject({ sessionId: uuid }),
  body: z.strictObject({}),
  answer: sessionState,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const sessionEvents = defineRoute({
  id: 'sessionEvents',
  method: 'GET',
  path: '/v1/sdk/sessions/{sessionId}/events',
  tag: 'SDK',
  summary: 'Server-sent events: `state` at once and after every change',
  access: 'agent:listen',
  params: z.strictObject({ sessionId: uuid }),
  status: 200,
  produces: 'text/event-stream',
  errors: ['NOT_FOUND'],
});

export const AGENT_BILLING_ROUTES = [acquireLease, settleLease, heartbeat, sessionEvents];
