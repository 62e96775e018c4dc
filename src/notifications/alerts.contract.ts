import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, page, pageQuery, plainText, uuid } from '../kernel/wire.js';

export const alertView = z
  .object({
    id: uuid,
    at: instant,
    kind: z.string().describe('Noun and verb: budget.threshold, key.expiring, key.leaked, …'),
    summary: z.string().describe('What happened, in a sentence.'),
    projectId: uuid.nullable(),
    projectName: z.string().nullable(),
    details: z.record(z.string(), z.unknown()).describe('The facts; money is a decimal string.'),
  })
  .meta({ id: 'Alert' });

export const listAlerts = defineRoute({
  id: 'listAlerts',
  method: 'GET',
  path: '/v1/alerts',
  tag: 'Alerts',
  summary:
    'What somebody should know of, newest first: budgets, keys, speed, debt; kept for 90 days',
  access: 'project:read',
  query: z.strictObject({
    ...pageQuery,
    cursor: uuid.optional(),
    kind: plainText(64).optional().describe('Only this one.'),
  }),
  answer: page(alertView).meta({ id: 'AlertPage' }),
  status: 200,
  errors: [],
});

export const ALERT_ROUTES = [listAlerts];
