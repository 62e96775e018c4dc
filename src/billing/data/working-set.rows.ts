import type { Budget, LeaseScope } from '../domain/budgets.js';
import type { Refusal, Settled } from '../domain/commands.js';
import type { Account, Lease, LeaseState, ProjectTerms } from '../domain/state.js';
import type { SessionFacts } from '../domain/working-set.js';

/** Rows as the statements of working-set.sql.ts give them. */
export interface AccountRow {
  project_id: string;
  deposited_nano: bigint;
  overdraft_nano: bigint;
  reserved_nano: bigint;
  settled_nano: bigint;
  alerted_spent: number;
  alerted_committed: number;
  minute_start: Date | null;
  this_minute_nano: bigint;
  last_minute_nano: bigint;
  usage_count: bigint;
}

export interface Facts {
  now_ms: number;
  time_zone: string;
  month_starts_on: number;
  projects: ProjectRow[];
  sessions: (SessionFacts & { id: string })[];
  budgets: (Omit<Budget, 'limit'> & { limit: string })[];
  leases: LeaseRow[];
  refusals: { lease_id: string; session_id: string; request_hash: string; refusal: Refusal }[];
  transfers: { request_id: string; request_hash: string; answer: Record<string, string> }[];
  open: { project_id: string; key_id: string; count: number }[];
}

/** bytea comes as it is, jsonb as what it says. */
export interface ReportRow {
  lease_id: string;
  seq: number;
  request_hash: Buffer;
  answer: Record<keyof Settled, unknown>;
}

interface ProjectRow {
  id: string;
  name: string;
  state: ProjectTerms['state'];
  pause_reason: string | null;
  tranche: string;
  ttl: number;
  grace: number;
  expiry: ProjectTerms['expiryPolicy'];
  max_open: number;
  mode: ProjectTerms['mode'];
  velocity: string | null;
  on_velocity: ProjectTerms['onVelocity'];
  sessions: number;
}

interface LeaseRow {
  id: string;
  project_id: string;
  session_id: string;
  key_id: string;
  state: LeaseState;
  amount: string;
  used: string;
  late: string;
  charged: string;
  last_seq: number;
  ttl: number;
  scopes: LeaseScope[];
  reset_ms: number | null;
  request_hash: string;
  granted_ms: number;
  expires_ms: number;
  hold_ms: number | null;
  ended_ms: number | null;
}

export const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

export function accountOf(row: AccountRow): Account {
  return {
    projectId: row.project_id,
    deposited: row.deposited_nano,
    overdraft: row.overdraft_nano,
    reserved: row.reserved_nano,
    settled: row.settled_nano,
    alertedSpent: row.alerted_spent,
    alertedCommitted: row.alerted_committed,
    minuteStart: row.minute_start,
    thisMinute: row.this_minute_nano,
    lastMinute: row.last_minute_nano,
    usageCount: row.usage_count,
  };
}

export function termsOf(row: ProjectRow): ProjectTerms {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    pauseReason: row.pause_reason,
    tranche: BigInt(row.tranche),
    leaseTtlSeconds: row.ttl,
    graceSeconds: row.grace,
    expiryPolicy: row.expiry,
    maxOpenLeases: row.max_open,
    mode: row.mode,
    velocity: row.velocity === null ? null : BigInt(row.velocity),
    onVelocity: row.on_velocity,
    activeSessions: row.sessions,
  };
}

export function leaseOf(row: LeaseRow): Lease {
  return {
    id: row.id,
    projectId: row.project_id,
    sessionId: row.session_id,
    keyId: row.key_id,
    state: row.state,
    amount: BigInt(row.amount),
    used: BigInt(row.used),
    late: BigInt(row.late),
    charged: BigInt(row.charged),
    lastSeq: row.last_seq,
    ttlSeconds: row.ttl,
    scopes: row.scopes,
    nextResetAt: date(row.reset_ms),
    requestHash: bytes(row.request_hash),
    grantedAt: new Date(row.granted_ms),
    expiresAt: new Date(row.expires_ms),
    holdUntil: date(row.hold_ms),
    endedAt: date(row.ended_ms),
  };
}
