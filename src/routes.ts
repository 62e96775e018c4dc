import { ANALYTICS_ROUTES } from './analytics/analytics.contract.js';
import { ANOMALY_ROUTES } from './anomalies/anomalies.contract.js';
import { AUDIT_ROUTES } from './audit/audit.contract.js';
import { AUTH_ROUTES } from './auth/auth.contract.js';
import { AGENT_BILLING_ROUTES } from './billing/agent-billing.contract.js';
import { ASK_ROUTES } from './billing/asks.contract.js';
import { BUDGET_ROUTES } from './billing/budgets.contract.js';
import { REFILL_ROUTES } from './billing/refills.contract.js';
import { BILLING_ROUTES } from './billing/billing.contract.js';
import { PRICE_ROUTES } from './billing/prices.contract.js';
import { SESSION_ROUTES } from './billing/sessions.contract.js';
import { STORAGE_ROUTES } from './billing/storage.contract.js';
import type { Route } from './kernel/route.js';
import { ALERT_ROUTES } from './notifications/alerts.contract.js';
import { HEALTH_ROUTES } from './platform/http/health.contract.js';
import { SIGN_IN_ROUTES } from './teams/sign-in.contract.js';
import { TEAMS_ROUTES } from './teams/teams.contract.js';
import { VAULT_ROUTES } from './vault/vault.contract.js';

/** All routes of the server, for the OpenAPI document and the tests that walk them. */
export const ROUTES: readonly Route[] = [
  ...HEALTH_ROUTES,
  ...SIGN_IN_ROUTES,
  ...TEAMS_ROUTES,
  ...AUTH_ROUTES,
  ...VAULT_ROUTES,
  ...BILLING_ROUTES,
  ...AGENT_BILLING_ROUTES,
  ...SESSION_ROUTES,
  ...ANOMALY_ROUTES,
  ...BUDGET_ROUTES,
  ...ASK_ROUTES,
  ...REFILL_ROUTES,
  ...PRICE_ROUTES,
  ...STORAGE_ROUTES,
  ...ANALYTICS_ROUTES,
  ...AUDIT_ROUTES,
  ...ALERT_ROUTES,
] as readonly Route[];
