import { AppError } from '../../kernel/errors.js';
import type { Tx } from '../../platform/database/index.js';

const MOST_PER_ORGANIZATION = 1_000;

/** @throws {AppError} CONFLICT */
export async function refuseTooMany(tx: Tx, organizationId: string): Promise<void> {
  const [{ count } = { count: 0 }] = await tx.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM budgets WHERE organization_id = $1 AND archived_at IS NULL',
    [organizationId],
  );
  if (count < MOST_PER_ORGANIZATION) return;
  throw new AppError(
    'CONFLICT',
    `An organization has at most ${MOST_PER_ORGANIZATION} budgets. Remove one first.`,
  );
}
