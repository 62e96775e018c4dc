export { AccessEpochs } from './access-epochs.js';
export { AgentSessions } from './agent-sessions.js';
export { AuthModule } from './auth.module.js';
export { hashToken } from './domain/refresh-tokens.js';
export { OwnOriginGuard } from './http/own-origin.js';
export { RefreshCookie } from './http/refresh-cookie.js';
export { SignInLimits, SignInLimitsGuard } from './http/sign-in-limits.js';
export { type Credentials, Logins } from './logins.js';
export { Passwords } from './passwords.js';
