import { z } from 'zod';
import { isAddressRange } from '../kernel/address-ranges.js';
import { defineRoute } from '../kernel/route.js';
import { instant, label, money, page, pageQuery, uuid } from '../kernel/wire.js';

export const ANOMALY_KINDS = ['addresses', 'velocity'] as const;
export const ANOMALY_ACTIONS = ['off', 'alert', 'pause', 'block'] as const;

const range = z.string().max(50).refine(isAddressRange, {
  error: 'Give an address or a range such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.',
});
const action = z
  .enum(ANOMALY_ACTIONS)
  .describe('alert: record it; pause: stop the project; block: stop the key until it is released.');

export const anomalyPolicy = z
  .strictObject({
    addresses: action.describe('When one key is used from several addresses at the same time.'),
    velocity: action.describe("When leases meet the project's limit of dollars a minute."),
    groups: z
      .array(z.strictObject({ name: label(80), ranges: z.array(range).min(1).max(50) }))
      .max(20)
      .describe('Addresses that count as one: a NAT, the way out of a cluster.'),
  })
  .meta({ id: 'AnomalyPolicy' });

export const anomalyView = z
  .object({
    id: uuid,
    projectId: uuid,
    projectName: z.string(),
    keyId: z.string(),
    keyName: z.string(),
    kind: z.enum(ANOMALY_KINDS),
    action: z.enum(['alert', 'pause', 'block']).describe('What was done about it.'),
    summary: z.string(),
    evidence: z.object({
      addresses: z.array(
        z.object({
          ip: z.string(),
          lastSeenAt: instant,
          sessionIds: z
            .array(uuid)
            .describe('Sessions of the key that started there and ran then; the newest twenty.'),
        }),
      ),
      perMinute: money.nullable().describe('Leased in the minute before.'),
      limit: money.nullable(),
    }),
    times: z.int().describe('How often it was seen again until it was released.'),
    firstAt: instant,
    lastAt: instant,
    releasedAt: instant.nullable(),
    releasedBy: z.string().nullable(),
  })
  .meta({ id: 'Anomaly' });

export const listAnomalies = defineRoute({
  id: 'listAnomalies',
  method: 'GET',
  path: '/v1/anomalies',
  tag: 'Anomalies',
  summary: 'Keys that behaved strangely, newest first, with the evidence',
  access: 'key:read',
  query: z.strictObject({
    ...pageQuery,
    cursor: uuid.optional(),
    projectId: uuid.optional(),
    open: z.stringbool().optional().describe('true: only those that nobody has released.'),
  }),
  answer: page(anomalyView).meta({ id: 'AnomalyPage' }),
  status: 200,
  errors: [],
});

export const releaseAnomaly = defineRoute({
  id: 'releaseAnomaly',
  method: 'POST',
  path: '/v1/anomalies/{anomalyId}/release',
  tag: 'Anomalies',
  summary: 'It was all right: lets the key, or the project that was paused for it, run again',
  access: 'key:write',
  params: z.strictObject({ anomalyId: uuid }),
  body: z
    .strictObject({
      sameNetwork: z
        .boolean()
        .optional()
        .describe('true: from now on the addresses of the evidence count as one.'),
    })
    .meta({ id: 'AnomalyRelease' }),
  answer: anomalyView,
  status: 200,
  errors: ['NOT_FOUND', 'FORBIDDEN'],
});

const projectId = z.strictObject({ projectId: uuid });

export const getAnomalyPolicy = defineRoute({
  id: 'getAnomalyPolicy',
  method: 'GET',
  path: '/v1/projects/{projectId}/anomaly-policy',
  tag: 'Anomalies',
  summary: 'What the project does about keys that behave strangely',
  access: 'project:read',
  params: projectId,
  answer: anomalyPolicy,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const setAnomalyPolicy = defineRoute({
  id: 'setAnomalyPolicy',
  method: 'PUT',
  path: '/v1/projects/{projectId}/anomaly-policy',
  tag: 'Anomalies',
  summary: 'Say what the project does about keys that behave strangely',
  access: 'project:write',
  params: projectId,
  body: anomalyPolicy,
  answer: anomalyPolicy,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const ANOMALY_ROUTES = [listAnomalies, releaseAnomaly, getAnomalyPolicy, setAnomalyPolicy];
