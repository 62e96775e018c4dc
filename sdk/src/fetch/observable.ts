import type { IronCageError } from '../errors/iron-cage-error.js';

/** Refusals that a dry run only tells: they are about money, rules and prompts, not about keys. */
const codes = new Set([
  'BUDGET_EXCEEDED',
  'ENDPOINT_NOT_METERED',
  'LEASE_UNAVAILABLE',
  'PII_BLOCKED',
  'PROJECT_PAUSED',
  'REQUEST_NOT_BOUNDED',
  'RUN_LIMIT',
  'UNKNOWN_MODEL',
  'VELOCITY_EXCEEDED',
]);

export function observable(error: IronCageError): boolean {
  return codes.has(error.code);
}
