import { z } from 'zod';
import { ROLES } from '../kernel/permissions.js';
import { defineRoute } from '../kernel/route.js';
import { uuid } from '../kernel/wire.js';
import { KEY_ROUTES } from './keys.contract.js';

export const whoAmI = defineRoute({
  id: 'whoAmI',
  method: 'GET',
  path: '/v1/auth/me',
  tag: 'Sign-in',
  summary: 'Who you are, where, and what you may do',
  access: 'session:self',
  answer: z
    .object({
      userId: uuid,
      email: z.string(),
      organizationId: uuid,
      role: z.enum(ROLES),
      permissions: z.array(z.string()),
    })
    .meta({ id: 'Me' }),
  status: 200,
  errors: [],
});

export const AUTH_ROUTES = [whoAmI, ...KEY_ROUTES];
