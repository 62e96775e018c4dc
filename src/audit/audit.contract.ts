import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, page, pageQuery } from '../kernel/wire.js';

export const listAudit = defineRoute({
  id: 'listAudit',
  method: 'GET',
  path: '/v1/audit',
  tag: 'Audit',
  summary: 'Who did what, newest first',
  access: 'audit:read',
  query: z.strictObject(pageQuery),
  answer: page(
    z
      .object({
        id: z.string(),
        at: instant,
        actor: z.string(),
        actorName: z.string().nullable(),
        action: z.string(),
        target: z.string(),
        details: z.record(z.string(), z.unknown()),
      })
      .meta({ id: 'AuditEvent' }),
  ).meta({ id: 'AuditPage' }),
  status: 200,
  errors: [],
});

export const AUDIT_ROUTES = [listAudit];
