import type { Answers, Refusal, UsageLine } from './commands.js';
import type { Account, Entry, Lease, ProjectTerms } from './state.js';

export interface SessionFacts {
  readonly projectId: string;
  readonly keyId: string;
  readonly ended: boolean;
  readonly keyRevoked: boolean;
}

interface Remembered<T> {
  readonly requestHash: Buffer;
  readonly answer: T;
}

export interface SettlementRow {
  readonly leaseId: string;
  readonly seq: number;
  readonly projectId: string;
  readonly requestHash: Buffer;
  readonly amount: bigint;
  readonly answer: Answers['settle'];
}

export interface UsageRow extends UsageLine {
  readonly leaseId: string;
  readonly seq: number;
  readonly projectId: string;
  readonly sessionId: string;
  readonly keyId: string;
}

export interface RefusalRow {
  readonly leaseId: string;
  readonly projectId: string;
  readonly sessionId: string;
  readonly requestHash: Buffer;
  readonly refusal: Refusal;
}

export interface TransferRow {
  readonly requestId: string;
  readonly projectId: string;
  readonly requestHash: Buffer;
  readonly answer: Answers['transfer'];
}

export interface AuditRow {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly details: Record<string, unknown>;
}

/** What a batch writes, all of it in one transaction. */
export interface Changes {
  readonly accounts: Set<string>;
  readonly newLeases: Set<string>;
  readonly changedLeases: Set<string>;
  readonly entries: Entry[];
  readonly settlements: SettlementRow[];
  readonly usage: UsageRow[];
  readonly refusals: RefusalRow[];
  readonly transfers: TransferRow[];
  readonly audit: AuditRow[];
}

/**
 * All that a batch of commands of one organization may look at, read after its accounts were locked. Commands change it in arrival
 * order, so each sees what those before it did.
 */
export interface WorkingSet {
  /** The database's clock, read after the locks were taken. */
  readonly now: Date;
  readonly accounts: Map<string, Account>;
  readonly projects: Map<string, ProjectTerms>;
  readonly sessions: Map<string, SessionFacts>;
  readonly leases: Map<string, Lease>;
  readonly refusals: Map<string, Remembered<Refusal> & { readonly sessionId: string }>;
  readonly settlements: Map<string, Remembered<Answers['settle']>>;
  readonly transfers: Map<string, Remembered<Answers['transfer']>>;
  /** Open leases by `${projectId}/${keyId}`. */
  readonly openLeases: Map<string, number>;
  readonly changes: Changes;
}

export const settlementKey = (leaseId: string, seq: number): string => `${leaseId}/${seq}`;
export const holderKey = (projectId: string, keyId: string): string => `${projectId}/${keyId}`;

export function noChanges(): Changes {
  return {
    accounts: new Set(),
    newLeases: new Set(),
    changedLeases: new Set(),
    entries: [],
    settlements: [],
    usage: [],
    refusals: [],
    transfers: [],
    audit: [],
  };
}
