import type { Nano } from '../../kernel/money.js';

export type LeaseState =
  'PENDING' | 'SETTLED' | 'REVOKED' | 'EXPIRED_HOLD' | 'RETURNED' | 'CHARGED';

/** `available` is free, `reserved` is held by leases, `spent` is settled usage, `external` is the world, `overdraft` is debt. */
export type AccountName = 'external' | 'available' | 'reserved' | 'spent' | 'overdraft';

export type EntryKind =
  | 'DEPOSIT'
  | 'WITHDRAWAL'
  | 'GRANT'
  | 'SETTLE'
  | 'LATE'
  | 'RETURN'
  | 'CHARGE'
  | 'OVERDRAFT'
  | 'OVERDRAFT_REPAID';

/** One transaction of the ledger: legs that sum to zero. */
export interface Entry {
  readonly transactionId: string;
  readonly projectId: string;
  readonly kind: EntryKind;
  readonly legs: Readonly<Partial<Record<AccountName, Nano>>>;
  readonly leaseId: string | null;
  readonly seq: number | null;
  readonly actor: string;
  readonly reason: string | null;
}

export interface Account {
  readonly projectId: string;
  deposited: Nano;
  overdraft: Nano;
  reserved: Nano;
  settled: Nano;
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
}

export interface Lease {
  readonly id: string;
  readonly projectId: string;
  readonly sessionId: string;
  readonly keyId: string;
  readonly amount: Nano;
  readonly ttlSeconds: number;
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

export function available(account: Account): Nano {
  return account.deposited + account.overdraft - account.settled - account.reserved;
}

export function isOpen(lease: Lease): boolean {
  return lease.state === 'PENDING' || lease.state === 'EXPIRED_HOLD';
}
