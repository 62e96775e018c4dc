import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { money, uuid } from '../kernel/wire.js';

export const usageSummary = defineRoute({
  id: 'usageSummary',
  method: 'GET',
  path: '/v1/usage/summary',
  tag: 'Usage',
  summary: 'What was spent: today, this month, by model, by project, by day',
  access: 'usage:read',
  query: z.strictObject({
    projectId: uuid.optional(),
    days: z.coerce.number().int().min(1).max(92).optional().describe('14 unless given.'),
  }),
  answer: z
    .object({
      today: money,
      yesterday: money,
      month: money,
      calls: z.int().describe('In the days asked for.'),
      perMinute: z
        .array(z.object({ minute: z.iso.datetime(), cost: money, calls: z.int() }))
        .describe('The last 30 minutes, oldest first; minutes without usage are there with zero.'),
      byModel: z.array(
        z.object({
          provider: z.string(),
          model: z.string(),
          cost: money,
          calls: z.int(),
          inputTokens: z.int(),
          outputTokens: z.int(),
        }),
      ),
      byProject: z.array(
        z.object({ projectId: uuid, projectName: z.string(), cost: money, calls: z.int() }),
      ),
      byDay: z.array(z.object({ day: z.iso.date(), model: z.string(), cost: money })),
    })
    .meta({ id: 'UsageSummary' }),
  status: 200,
  errors: [],
});

export const liveEvents = defineRoute({
  id: 'liveEvents',
  method: 'GET',
  path: '/v1/events',
  tag: 'Usage',
  summary: 'Server-sent events: `changed` with the topics to read again, at most four a second',
  access: 'usage:read',
  status: 200,
  produces: 'text/event-stream',
  errors: [],
});

export const ANALYTICS_ROUTES = [usageSummary, liveEvents];
