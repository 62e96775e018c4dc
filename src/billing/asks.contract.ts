import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label, money, page, pageQuery, positiveMoney, uuid } from '../kernel/wire.js';

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
  access: 'agent:lease',
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

export const ASK_ROUTES = [listAsks, askForBudget, askAsAgent, approveAsk, declineAsk];
