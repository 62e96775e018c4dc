import type { Nano } from '../kernel/money.js';
import type { Tx } from '../platform/database/index.js';

/** Port: a key that may spend only so much, ever. Bound to billing, which this feature does not know. */
export abstract class KeySpendCap {
  /**
   * In the transaction that makes the key: neither is there without the other.
   *
   * @throws {AppError} CONFLICT when the organization has as many budgets as it may
   */
  abstract create(
    tx: Tx,
    key: { organizationId: string; keyId: string; actor: string },
    limit: Nano,
  ): Promise<void>;
}
