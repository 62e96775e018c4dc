import { z } from 'zod';
import { ROLES } from '../kernel/permissions.js';
import { defineRoute } from '../kernel/route.js';
import { email, label, password, uuid } from '../kernel/wire.js';
import { organizationView } from './teams.contract.js';

const signIn = z
  .object({
    accessToken: z.string(),
    expiresInSeconds: z.int(),
    user: z.object({ id: uuid, email: z.string(), name: z.string(), operator: z.boolean() }),
    organization: organizationView,
    role: z.enum(ROLES),
  })
  .meta({ id: 'SignIn' });

export const getSetup = defineRoute({
  id: 'getSetup',
  method: 'GET',
  path: '/v1/setup',
  tag: 'Set-up',
  summary: 'Whether this installation still waits for its first owner',
  access: 'public',
  answer: z.object({ required: z.boolean() }).meta({ id: 'SetupState' }),
  status: 200,
  errors: [],
});

export const completeSetup = defineRoute({
  id: 'completeSetup',
  method: 'POST',
  path: '/v1/setup',
  tag: 'Set-up',
  summary:
    'Create the first organization and its owner, once, with the token that the server printed',
  access: 'public',
  body: z
    .strictObject({
      token: z.string().min(1).max(200),
      organizationName: label(80),
      name: label(80),
      email,
      password,
    })
    .meta({ id: 'SetupRequest' }),
  answer: signIn,
  status: 201,
  errors: ['SETUP_TOKEN_INVALID', 'SETUP_DONE', 'ORIGIN_REFUSED'],
});

export const login = defineRoute({
  id: 'login',
  method: 'POST',
  path: '/v1/auth/login',
  tag: 'Sign-in',
  summary: 'Sign in with e-mail and password; sets the refresh cookie',
  access: 'public',
  body: z
    .strictObject({ email, password: z.string().min(1).max(256), organizationId: uuid.optional() })
    .meta({ id: 'LoginRequest' }),
  answer: signIn,
  status: 200,
  errors: ['LOGIN_FAILED', 'ORIGIN_REFUSED'],
});

export const refreshLogin = defineRoute({
  id: 'refreshLogin',
  method: 'POST',
  path: '/v1/auth/refresh',
  tag: 'Sign-in',
  summary: 'A new access token from the refresh cookie, which is rotated',
  access: 'public',
  answer: signIn,
  status: 200,
  errors: ['NOT_SIGNED_IN', 'ORIGIN_REFUSED'],
});

export const logout = defineRoute({
  id: 'logout',
  method: 'POST',
  path: '/v1/auth/logout',
  tag: 'Sign-in',
  summary: 'End this login and forget the cookie',
  access: 'public',
  status: 204,
  errors: ['ORIGIN_REFUSED'],
});

export const changePassword = defineRoute({
  id: 'changePassword',
  method: 'PUT',
  path: '/v1/auth/password',
  tag: 'Sign-in',
  summary: 'Change your own password; ends all your other logins',
  access: 'session:self',
  body: z
    .strictObject({ currentPassword: z.string().min(1).max(256), newPassword: password })
    .meta({ id: 'PasswordChange' }),
  status: 204,
  errors: ['PASSWORD_WRONG', 'CONFLICT'],
});

export const SIGN_IN_ROUTES = [
  getSetup,
  completeSetup,
  login,
  refreshLogin,
  logout,
  changePassword,
];
