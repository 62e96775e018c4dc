import type { Nano } from '../../kernel/money.js';
import type { LeaseScope } from './budgets.js';
import type { Pace } from './velocity.js';

export type LeaseState =
  'PENDING' | 'SETTLED' | 'REVOKED' | 'EXPIRED_HOLD' | 'RETURNED' | 'CHARGED';

/** `available` is free, `reserved` is held by leases, `spent` is settled usage, `external` is the world, `overdraft` is debt. */
export type AccountName = 'external' | 'available' | 'reserved' | 'spent' | 'overdraft';

export type EntryKind =
  | 'DEPOSIT'
  | 'WITHDRAWAL'
  | 'CORRECTION'
  | 'GRANT'
  | 'SETTLE'
  | 'LATE'
  | 'RETURN'
  | 'CHARGE'
  | 'OVERDRAFT'
  | 'OVERDRAFT_REPAID'
  | 'CARRIED';

/** One transaction of the ledger: legs that sum to zero. */
export interface Entry {
  readonly id: string;
  readonly projectId: string;
  readonly kind: EntryKind;
  readonly legs: Readonly<Partial<Record<AccountName, Nano>>>;
  readonly leaseId: string | null;
  readonly seq: number | null;
  readonly actor: string;
  readonly reason: string | null;
}

/**
 * An account or budget window holds at most this much, far below the end of int64 (9.22 × 10¹⁸), so that no sum of its figures can
 * overflow. What was used anyhow may go to twice as much.
 */
export const MOST_PER_ACCOUNT: Nano = 4_000_000_000_000_000_000n;

export interface Account extends Pace {
  readonly projectId: string;
  deposited: Nano;
  overdraft: Nano;
  reserved: Nano;
  settled: Nano;
  /** Highest threshold in percent that was announced. */
  alertedSpent: number;
  alertedCommitted: number;
  /** Usage lines booked ever: the number of the last one. */
  usageCount: bigint;
}

export interface ProjectTerms {
  readonly id: string;
  readonly name: string;
  readonly state: 'active' | 'paused' | 'archived';
  readonly pauseReason: string | null;
  readonly tranche: Nano;
  readonly leaseTtlSeconds: number;
  readonly graceSeconds: number;
  readonly expiryPolicy: 'return' | 'charge';
  readonly maxOpenLeases: number;
  /** `observe`: nothing is refused for lack of money; what would have been is recorded. */
  readonly mode: 'enforce' | 'observe';
  /** Most that may be leased in a minute; null: no limit. */
  readonly velocity: Nano | null;
  /** What is done about a key that meets that limit. */
  readonly onVelocity: 'off' | 'alert' | 'pause' | 'block';
  /** Agents seen in the last minute: a scarce balance is shared between them. */
  readonly activeSessions: number;
}

export interface Lease {
  readonly id: string;
  readonly projectId: string;
  readonly sessionId: string;
  readonly keyId: string;
  readonly amount: Nano;
  readonly ttlSeconds: number;
  /** Budget windows that hold a part of it. */
  readonly scopes: readonly LeaseScope[];
  readonly nextResetAt: Date | null;
  readonly requestHash: Buffer;
  readonly grantedAt: Date;
  readonly expiresAt: Date;
  state: LeaseState;
  used: Nano;
  late: Nano;
  /** Under policy `charge`: kept at the end of the grace time and not yet covered by a late report. */
  charged: Nano;
  lastSeq: number;
  holdUntil: Date | null;
  endedAt: Date | null;
}

type Figures = Pick<Account, 'deposited' | 'overdraft' | 'settled' | 'reserved'>;

export function available(account: Figures): Nano {
  return account.deposited + account.overdraft - account.settled - account.reserved;
}

export function isOpen(lease: Lease): boolean {
  return lease.state === 'PENDING' || lease.state === 'EXPIRED_HOLD';
}

/** What may be leased: nothing while there is debt. */
export function freeOf(account: Figures): Nano {
  return account.overdraft > 0n ? 0n : available(account);
}
