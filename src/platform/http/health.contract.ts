import { z } from 'zod';
import { defineRoute } from '../../kernel/route.js';

export const livez = defineRoute({
  id: 'livez',
  method: 'GET',
  path: '/livez',
  tag: 'Health',
  summary: 'The process runs',
  access: 'public',
  answer: z.object({ status: z.literal('ok') }).meta({ id: 'Liveness' }),
  status: 200,
  errors: [],
});

export const readyz = defineRoute({
  id: 'readyz',
  method: 'GET',
  path: '/readyz',
  tag: 'Health',
  summary: 'The server can do its work; 503 when the database does not answer',
  access: 'public',
  answer: z
    .object({
      status: z.enum(['ok', 'degraded']),
      database: z.literal('ok'),
      redis: z.enum(['ok', 'down', 'not configured']),
      version: z.string(),
      time: z.iso.datetime(),
    })
    .meta({ id: 'Readiness' }),
  status: 200,
  errors: [],
});

export const metrics = defineRoute({
  id: 'metrics',
  method: 'GET',
  path: '/metrics',
  tag: 'Health',
  summary:
    'Figures for Prometheus: from this machine, or with the token of IRON_CAGE_METRICS_TOKEN',
  access: 'public',
  status: 200,
  produces: 'text/plain',
  errors: ['FORBIDDEN'],
});

export const HEALTH_ROUTES = [livez, readyz, metrics];
