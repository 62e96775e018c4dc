import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label, money, page, pageQuery, uuid } from '../kernel/wire.js';

export const SESSION_STATES = ['active', 'silent', 'ended', 'killed'] as const;

export const sessionView = z
  .object({
    id: uuid,
    projectId: uuid,
    projectName: z.string(),
    keyId: z.string(),
    keyName: z.string(),
    agent: z.string().describe('The name that the agent gave itself, else its host.'),
    host: z.string(),
    pid: z.int(),
    sdk: z.string(),
    runtime: z.string(),
    ip: z.string(),
    state: z
      .enum(SESSION_STATES)
      .describe('silent: it has not ended, and was not heard of for a minute.'),
    bound: z
      .boolean()
      .describe('It proves itself: nobody who has found only the key can act for it.'),
    startedAt: instant,
    lastSeenAt: instant,
    endedAt: instant.nullable(),
    openLeases: z.int(),
    held: money.describe('Leased and not yet reported.'),
  })
  .meta({ id: 'AgentSession' });

export const listSessions = defineRoute({
  id: 'listSessions',
  method: 'GET',
  path: '/v1/sessions',
  tag: 'Sessions',
  summary: 'Agent processes, newest first, with the money that each holds',
  access: 'project:read',
  query: z.strictObject({
    ...pageQuery,
    cursor: uuid.optional(),
    projectId: uuid.optional(),
    keyId: z
      .string()
      .regex(/^[0-9A-Za-z]{8}$/, { error: 'A key id has eight letters or digits.' })
      .optional(),
    open: z.stringbool().optional().describe('true: only those that have not ended.'),
  }),
  answer: page(sessionView).meta({ id: 'AgentSessionPage' }),
  status: 200,
  errors: [],
});

export const killSession = defineRoute({
  id: 'killSession',
  method: 'POST',
  path: '/v1/sessions/{sessionId}/kill',
  tag: 'Sessions',
  summary:
    'Stop one agent process: it stops within two seconds, its leases are revoked, and it starts no other session',
  access: 'project:pause',
  params: z.strictObject({ sessionId: uuid }),
  body: z.strictObject({ reason: label(200).optional() }).meta({ id: 'KillRequest' }),
  answer: z
    .object({
      session: sessionView,
      revokedLeases: z.int(),
      returned: money.describe('Went back to the balance.'),
    })
    .meta({ id: 'KillAnswer' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const SESSION_ROUTES = [listSessions, killSession];
