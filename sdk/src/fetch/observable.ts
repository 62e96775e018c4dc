import type { IronCageError } from '../errors/iron-cage-error.js';

/**
 * Refusals that a dry run only tells: they are about amounts, rules and prompts. Not about keys, and not the kill switch: who stops an
 * agent, or cannot be asked, stops a rehearsal too.
 */
const codes = new Set([
  'BUDGET_EXCEEDED',
  'ENDPOINT_NOT_METERED',
  'PII_BLOCKED',
  'REQUEST_NOT_BOUNDED',
  'RUN_LIMIT',
  'UNKNOWN_MODEL',
]);

export function observable(error: IronCageError): boolean {
  return codes.has(error.code);
}
