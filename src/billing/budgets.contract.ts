import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import {
  instant,
  label,
  money,
  page,
  pageQuery,
  positiveMoney,
  signedMoney,
  uuid,
} from '../kernel/wire.js';
import { transferAnswer } from './billing.contract.js';

const scope = z.enum(['organization', 'project', 'member', 'key']);
const window = z.enum(['day', 'week', 'month', 'total'], {
  error: 'Give day, week, month or total.',
});
const glob = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9._:/@*-]+$/, { error: 'Give a model name; * stands for any characters.' });
const tag = z.string().min(1).max(100);
const names = { models: z.array(glob).max(50), tags: z.array(tag).max(50) };

export const budgetView = z
  .object({
    id: uuid,
    scope,
    scopeId: z.string(),
    scopeName: z.string(),
    window,
    limit: money.describe('Without raises.'),
    raised: money.describe('Sum of the raises in force now.'),
    ...names,
    windowStart: z.iso
      .date()
      .describe("First day of the current window, in the organization's time zone."),
    nextResetAt: instant.nullable().describe('null: a total never starts anew.'),
    spent: money,
    leased: money,
    available: money,
    createdAt: instant,
  })
  .meta({ id: 'Budget' });

const budgetId = z.strictObject({ budgetId: uuid });

export const listBudgets = defineRoute({
  id: 'listBudgets',
  method: 'GET',
  path: '/v1/budgets',
  tag: 'Budgets',
  summary: 'Budgets with what is spent and leased in their current window',
  access: 'money:read',
  query: z.strictObject({ scope: scope.optional(), scopeId: z.string().max(64).optional() }),
  answer: z.object({ items: z.array(budgetView) }).meta({ id: 'BudgetList' }),
  status: 200,
  errors: [],
});

export const createBudget = defineRoute({
  id: 'createBudget',
  method: 'POST',
  path: '/v1/budgets',
  tag: 'Budgets',
  summary:
    'Limit an organization, project, member or key over a window; leases must fit in every budget that applies',
  access: 'money:write',
  body: z
    .strictObject({
      scope,
      scopeId: z
        .string()
        .max(64)
        .optional()
        .describe('Project id, user id or key id; left out for the organization.'),
      window,
      limit: money,
      models: names.models.optional(),
      tags: names.tags.optional(),
    })
    .meta({ id: 'BudgetRequest' }),
  answer: budgetView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const updateBudget = defineRoute({
  id: 'updateBudget',
  method: 'PATCH',
  path: '/v1/budgets/{budgetId}',
  tag: 'Budgets',
  summary: 'Change a limit; one below what is spent refuses new leases until the window ends',
  access: 'money:write',
  params: budgetId,
  body: z
    .strictObject({
      limit: money.optional(),
      models: names.models.optional(),
      tags: names.tags.optional(),
    })
    .meta({ id: 'BudgetChange' }),
  answer: budgetView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const removeBudget = defineRoute({
  id: 'removeBudget',
  method: 'DELETE',
  path: '/v1/budgets/{budgetId}',
  tag: 'Budgets',
  summary: 'Stop limiting; what was counted is kept',
  access: 'money:write',
  params: budgetId,
  status: 204,
  errors: ['NOT_FOUND'],
});

export const raiseBudget = defineRoute({
  id: 'raiseBudget',
  method: 'POST',
  path: '/v1/budgets/{budgetId}/raises',
  tag: 'Budgets',
  summary: 'Raise a limit for a time',
  access: 'money:write',
  params: budgetId,
  body: z
    .strictObject({
      requestId: uuid.describe('Made by you: the same id twice raises once.'),
      amount: positiveMoney,
      endsAt: instant.optional().describe('When the current window ends unless given.'),
      reason: label(200),
    })
    .meta({ id: 'RaiseRequest' }),
  answer: budgetView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

/* ---- asking for more ---- */

export const askView = z
  .object({
    id: uuid,
    projectId: uuid,
    projectName: z.string(),
    budgetId: uuid.nullable().describe('null: the balance of the project.'),
    amount: money,
    reason: z.string(),
    requestedBy: z.string(),
    requestedAt: instant,
    state: z.enum(['open', 'approved', 'declined']),
    decidedBy: z.string().nullable(),
    decidedAt: instant.nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'BudgetAsk' });

const ask = {
  amount: positiveMoney,
  reason: label(200),
  budgetId: uuid.optional().describe('The budget that refused; left out for the balance.'),
};
const askId = z.strictObject({ askId: uuid });

export const listAsks = defineRoute({
  id: 'listAsks',
  method: 'GET',
  path: '/v1/budget-requests',
  tag: 'Budgets',
  summary: 'Requests for more budget, newest first',
  access: 'money:read',
  query: z.strictObject({
    ...pageQuery,
    cursor: uuid.optional(),
    state: z.enum(['open', 'approved', 'declined']).optional(),
  }),
  answer: page(askView).meta({ id: 'BudgetAskPage' }),
  status: 200,
  errors: [],
});

export const askForBudget = defineRoute({
  id: 'askForBudget',
  method: 'POST',
  path: '/v1/budget-requests',
  tag: 'Budgets',
  summary: 'Ask an admin for more',
  access: 'project:pause',
  body: z
    .strictObject({ id: uuid.describe('Made by you.'), projectId: uuid, ...ask })
    .meta({ id: 'BudgetAskRequest' }),
  answer: askView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT', 'TOO_MANY_REQUESTS_OPEN'],
});

export const askAsAgent = defineRoute({
  id: 'askAsAgent',
  method: 'POST',
  path: '/v1/sdk/budget-requests',
  tag: 'SDK',
  summary: 'A running agent asks for more',
  access: 'agent:run',
  body: z
    .strictObject({ id: uuid.describe('Made by you.'), ...ask })
    .meta({ id: 'AgentBudgetAsk' }),
  answer: askView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT', 'TOO_MANY_REQUESTS_OPEN'],
});

export const approveAsk = defineRoute({
  id: 'approveAsk',
  method: 'POST',
  path: '/v1/budget-requests/{askId}/approve',
  tag: 'Budgets',
  summary: 'Grant a request: a raise of the budget until its window ends, or a deposit',
  access: 'money:write',
  params: askId,
  body: z
    .strictObject({
      amount: positiveMoney.optional().describe('What was asked for unless given.'),
      endsAt: instant.optional(),
      note: label(200).optional(),
    })
    .meta({ id: 'ApproveRequest' }),
  answer: askView,
  status: 200,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const declineAsk = defineRoute({
  id: 'declineAsk',
  method: 'POST',
  path: '/v1/budget-requests/{askId}/decline',
  tag: 'Budgets',
  summary: 'Decline a request',
  access: 'money:write',
  params: askId,
  body: z.strictObject({ note: label(200).optional() }).meta({ id: 'DeclineRequest' }),
  answer: askView,
  status: 200,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

/* ---- money that comes by itself, or was booked wrong ---- */

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
  errors: ['NOT_FOUND', 'CONFLICT'],
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

export const BUDGET_ROUTES = [
  listBudgets,
  createBudget,
  updateBudget,
  removeBudget,
  raiseBudget,
  listAsks,
  askForBudget,
  askAsAgent,
  approveAsk,
  declineAsk,
  listRefills,
  createRefill,
  removeRefill,
  correct,
  revokeLeasesOfKey,
];
