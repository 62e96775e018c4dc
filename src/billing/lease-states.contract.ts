/** `PENDING → SETTLED | REVOKED | EXPIRED_HOLD`; `EXPIRED_HOLD → SETTLED | RETURNED | CHARGED`. The last four never change. */
export const LEASE_STATES = [
  'PENDING',
  'SETTLED',
  'REVOKED',
  'EXPIRED_HOLD',
  'RETURNED',
  'CHARGED',
] as const;
