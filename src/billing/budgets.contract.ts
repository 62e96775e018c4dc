import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label, money, plainText, positiveMoney, uuid } from '../kernel/wire.js';

const scope = z.enum(['organization', 'project', 'member', 'key']);
const window = z.enum(['day', 'week', 'month', 'total'], {
  error: 'Give day, week, month or total.',
});
const glob = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9._:/@*-]+$/, { error: 'Give a model name; * stands for any characters.' });
const tag = plainText(100).min(1);
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
  query: z.strictObject({ scope: scope.optional(), scopeId: plainText(64).optional() }),
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
      id: uuid
        .optional()
        .describe(
          'Made by you, so that you may repeat the request; the same id is the same budget.',
        ),
      scope,
      scopeId: plainText(64)
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

export const BUDGET_ROUTES = [listBudgets, createBudget, updateBudget, removeBudget, raiseBudget];
