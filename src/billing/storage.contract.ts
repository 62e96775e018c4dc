import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';

const month = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, { error: 'Give a month as 2026-11.' })
  .meta({ description: 'A month of UTC, as `2026-11`.', example: '2026-11' });

export const storageView = z
  .object({
    months: z
      .array(
        z.object({
          month,
          entriesBytes: z.int(),
          settlementsBytes: z.int(),
          usageBytes: z.int(),
          rows: z.int().nullable().describe('An estimate; null: the database has not counted yet.'),
          state: z
            .enum(['ahead', 'current', 'kept', 'droppable'])
            .describe('Only the oldest month can be dropped, and not before two more have passed.'),
        }),
      )
      .describe('Oldest first.'),
    strays: z
      .int()
      .describe(
        'Rows that have no month of their own: of leases whose ids a wrong clock made, or of months that nobody has made.',
      ),
    droppedBefore: month
      .nullable()
      .describe('Months before it were dropped; their sums are kept. null: none.'),
  })
  .meta({ id: 'Storage' });

export const getStorage = defineRoute({
  id: 'getStorage',
  method: 'GET',
  path: '/v1/storage',
  tag: 'Installation',
  summary: 'The months of entries, reports and usage that the database keeps (operators only)',
  access: 'installation:manage',
  answer: storageView,
  status: 200,
  errors: [],
});

export const dropMonth = defineRoute({
  id: 'dropMonth',
  method: 'POST',
  path: '/v1/storage/drop',
  tag: 'Installation',
  summary:
    'Drop the oldest month of all organizations; balances and sums stay exact (operators only)',
  access: 'installation:manage',
  body: z.strictObject({ month }).meta({ id: 'DropMonthRequest' }),
  answer: storageView,
  status: 200,
  errors: ['CONFLICT'],
});

export const STORAGE_ROUTES = [getStorage, dropMonth];
