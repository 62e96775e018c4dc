import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, money, uuid } from '../kernel/wire.js';

/** How many days a range may be long, by the size of its buckets. */
export const LONGEST_DAYS = { minute: 1, hour: 31, day: 400 } as const;
export const MOST_ROWS = 10_000;

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

export const usageByTime = defineRoute({
  id: 'usageByTime',
  method: 'GET',
  path: '/v1/usage',
  tag: 'Usage',
  summary: 'What was spent in each minute, hour or day (UTC) of a range',
  access: 'usage:read',
  query: z.strictObject({
    bucket: z.enum(['minute', 'hour', 'day']).optional().describe('`day` unless given.'),
    from: instant
      .optional()
      .describe('An hour, a day or two weeks ago unless given, by the bucket.'),
    to: instant
      .optional()
      .describe(
        `Now unless given. A range is at most one day of minutes, ${LONGEST_DAYS.hour} days of hours, ${LONGEST_DAYS.day} days.`,
      ),
    projectId: uuid.optional(),
    groupBy: z.enum(['project', 'model', 'key']).optional(),
  }),
  answer: z
    .object({
      bucket: z.enum(['minute', 'hour', 'day']),
      from: instant,
      to: instant,
      items: z
        .array(
          z.object({
            start: instant,
            projectId: uuid.nullable().describe('Of groups by project.'),
            keyId: z.string().nullable().describe('Of groups by key.'),
            provider: z.string().nullable().describe('Of groups by model.'),
            model: z.string().nullable().describe('Of groups by model.'),
            cost: money,
            calls: z.int(),
            inputTokens: z.int(),
            outputTokens: z.int(),
          }),
        )
        .describe('Oldest first; buckets without usage are not there.'),
      isCut: z
        .boolean()
        .describe(`There are more than ${MOST_ROWS} rows: ask for a shorter range.`),
    })
    .meta({ id: 'UsageByTime' }),
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

export const ANALYTICS_ROUTES = [usageSummary, usageByTime, liveEvents];
