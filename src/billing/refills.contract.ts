import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label, money, positiveMoney, signedMoney, uuid } from '../kernel/wire.js';
import { transferAnswer } from './billing.contract.js';

const projectId = z.strictObject({ projectId: uuid });

export const refillView = z
  .object({
    id: uuid,
    projectId: uuid,
    mode: z.enum(['set-to', 'add', 'add-with-cap']),
    amount: money,
    cap: money.nullable(),
    window: z.enum(['day', 'week', 'month']),
    nextAt: instant,
    createdAt: instant,
  })
  .meta({ id: 'Refill' });

export const listRefills = defineRoute({
  id: 'listRefills',
  method: 'GET',
  path: '/v1/projects/{projectId}/refills',
  tag: 'Budgets',
  summary: 'Recurring deposits of a project',
  access: 'money:read',
  params: projectId,
  answer: z.object({ items: z.array(refillView) }).meta({ id: 'RefillList' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const createRefill = defineRoute({
  id: 'createRefill',
  method: 'POST',
  path: '/v1/projects/{projectId}/refills',
  tag: 'Budgets',
  summary: 'Deposit by itself at the start of each window, the current one included',
  access: 'money:write',
  params: projectId,
  body: z
    .strictObject({
      id: uuid
        .optional()
        .describe(
          'Made by you, so that you may repeat the request; the same id is the same refill.',
        ),
      mode: z.enum(['set-to', 'add', 'add-with-cap']),
      amount: positiveMoney,
      cap: positiveMoney
        .optional()
        .describe('Only with add-with-cap: the free balance is never lifted above it.'),
      window: z.enum(['day', 'week', 'month']),
    })
    .refine(({ mode, cap }) => (mode === 'add-with-cap') === (cap !== undefined), {
      error: 'A cap belongs to add-with-cap, and only there.',
      path: ['cap'],
    })
    .meta({ id: 'RefillRequest' }),
  answer: refillView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT', 'PROJECT_ARCHIVED'],
});

export const removeRefill = defineRoute({
  id: 'removeRefill',
  method: 'DELETE',
  path: '/v1/projects/{projectId}/refills/{refillId}',
  tag: 'Budgets',
  summary: 'Stop a recurring deposit',
  access: 'money:write',
  params: z.strictObject({ projectId: uuid, refillId: uuid }),
  status: 204,
  errors: ['NOT_FOUND'],
});

export const correct = defineRoute({
  id: 'correct',
  method: 'POST',
  path: '/v1/projects/{projectId}/corrections',
  tag: 'Billing',
  summary: 'Correct a balance with a signed entry; nothing that was booked is ever edited',
  access: 'money:write',
  params: projectId,
  body: z
    .strictObject({
      requestId: uuid.describe('Made by you: the same id twice corrects once.'),
      amount: signedMoney
        .refine((nano) => nano !== 0n, { error: 'Give an amount above or below zero.' })
        .describe(
          'Above zero: the project gets it. Below: it is taken away, into debt if need be.',
        ),
      reason: label(200),
    })
    .meta({ id: 'CorrectionRequest' }),
  answer: transferAnswer,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const revokeLeasesOfKey = defineRoute({
  id: 'revokeLeasesOfKey',
  method: 'POST',
  path: '/v1/keys/{keyId}/leases/revoke',
  tag: 'Billing',
  summary: 'End every open lease of a key',
  access: 'project:pause',
  params: z.strictObject({ keyId: z.string().regex(/^[0-9A-Za-z]{8}$/) }),
  answer: z.object({ revoked: z.int() }).meta({ id: 'RevokedLeases' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

/** Money that comes by itself, and what was booked wrong. */
export const REFILL_ROUTES = [listRefills, createRefill, removeRefill, correct, revokeLeasesOfKey];
