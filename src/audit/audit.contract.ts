import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, page, pageQuery, plainText } from '../kernel/wire.js';

const name = plainText(200).min(1, { error: 'Must not be empty.' });

export const listAudit = defineRoute({
  id: 'listAudit',
  method: 'GET',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'Who did what, newest first',
  access: 'audit:read',
  query: z.strictObject({
    ...pageQuery,
    action: name.optional().describe('Only events of this kind, such as `project.pause`.'),
    actor: name.optional().describe('Only what this one did: `user:<id>`, `key:<id>` or `server`.'),
    target: name.optional().describe('Only what happened to this: `project:<id>`, `key:<id>`, …'),
    from: instant.optional().describe('Only what happened then or later.'),
    to: instant.optional().describe('Only what happened before.'),
  }),
  answer: page(
    z
      .object({
        id: z.string(),
        at: instant,
        actor: z.string(),
        actorName: z.string().nullable().describe('Of people and keys.'),
        action: z.string(),
        target: z.string(),
        targetName: z
          .string()
          .nullable()
          .describe('Of people, keys, projects and secrets that still exist.'),
        details: z.record(z.string(), z.unknown()),
      })
      .meta({ id: 'AuditEvent' }),
  ).meta({ id: 'AuditPage' }),
  status: 200,
  errors: [],
});

export const listAuditActions = defineRoute({
  id: 'listAuditActions',
  method: 'GET',
  path: '/v1/audit/actions',
  tag: 'Audit',
  summary: 'The kinds of events that the audit log holds, by name',
  access: 'audit:read',
  answer: z.object({ items: z.array(z.string()) }).meta({ id: 'AuditActions' }),
  status: 200,
  errors: [],
});

export const AUDIT_ROUTES = [listAudit, listAuditActions];
