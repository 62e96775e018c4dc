import type { Budget, BudgetWindow } from './budgets.js';
import type { Answers, Refusal, UsageLine } from './commands.js';
import type { Account, Entry, Lease, ProjectTerms } from './state.js';
import type { Calendar } from './windows.js';

export interface SessionFacts {
  readonly projectId: string;
  readonly keyId: string;
  readonly memberId: string | null;
  readonly ended: boolean;
  readonly killed: boolean;
  readonly keyRevoked: boolean;
  /** The model that it used although its key is not for it; null: it keeps to them. */
  readonly barredBy: string | null;
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
  /** What counted against which budget window. */
  readonly budgets: readonly {
    readonly budgetId: string;
    readonly start: string;
    readonly amount: bigint;
  }[];
  readonly answer: Answers['settle'];
}

export interface UsageRow extends UsageLine {
  /** Counts the lines of a project: whoever has seen one has seen all before it. */
  readonly number: bigint;
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

/** A key that met the velocity limit of its project, as often as it did in this batch. */
export interface VelocityAnomaly {
  readonly projectId: string;
  readonly keyId: string;
  readonly action: 'alert' | 'pause' | 'block';
  readonly summary: string;
  readonly perMinute: bigint;
  readonly limit: bigint;
  times: number;
}

/** Something that others may want to know; delivered after the commit. */
export interface EventRow {
  readonly kind:
    | 'budget.threshold'
    | 'budget.would-refuse'
    | 'project.velocity'
    | 'project.debt'
    | 'key.anomaly'
    | 'key.models';
  readonly payload: Record<string, unknown>;
  /** What can happen with every request is told once a minute for each of these. */
  readonly oncePer?: string;
}

/** What a batch writes, all of it in one transaction. */
export interface Changes {
  readonly accounts: Set<string>;
  readonly windows: Set<string>;
  readonly newLeases: Set<string>;
  readonly changedLeases: Set<string>;
  readonly entries: Entry[];
  readonly settlements: SettlementRow[];
  readonly usage: UsageRow[];
  readonly refusals: RefusalRow[];
  readonly transfers: TransferRow[];
  readonly audit: AuditRow[];
  readonly events: EventRow[];
  /** By key. */
  readonly anomalies: Map<string, VelocityAnomaly>;
  /** Projects to pause, with the reason, and keys to block. */
  readonly pauses: Map<string, string>;
  readonly blocks: Set<string>;
  /** Sessions that borrow no more, with the model that they should not have used. */
  readonly bars: Map<string, string>;
}

/**
 * All that a batch of commands of one organization may look at, read after its accounts were locked. Commands change it in arrival
 * order, so each sees what those before it did.
 */
export interface WorkingSet {
  /** The database's clock, read after the locks were taken. */
  readonly now: Date;
  readonly accounts: Map<string, Account>;
  readonly organizationId: string;
  readonly calendar: Calendar;
  readonly projects: Map<string, ProjectTerms>;
  /** All budgets that could concern a command of the batch. */
  readonly budgets: Map<string, Budget>;
  /** Their current windows and those that the leases of the batch are in, by {@link windowKey}; locked. */
  readonly windows: Map<string, BudgetWindow>;
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
    windows: new Set(),
    newLeases: new Set(),
    changedLeases: new Set(),
    entries: [],
    settlements: [],
    usage: [],
    refusals: [],
    transfers: [],
    audit: [],
    events: [],
    anomalies: new Map(),
    pauses: new Map(),
    blocks: new Set(),
    bars: new Map(),
  };
}
