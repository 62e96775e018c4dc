import { stringify } from '../../kernel/json.js';
import type { BudgetWindow } from '../domain/budgets.js';
import { inputTokensOf, outputTokensOf } from '../domain/pricing.js';
import type { Account, AccountName, Entry, Lease } from '../domain/state.js';
import type {
  AuditRow,
  EventRow,
  RefusalRow,
  SettlementRow,
  TransferRow,
  UsageRow,
  VelocityAnomaly,
} from '../domain/working-set.js';
import {
  bool,
  bytes,
  type Column,
  day,
  int4,
  int8,
  jsonb,
  text,
  texts,
  timestamp,
  uuid,
} from './array-literal.js';

/** What each part of the writing statement takes, by the names that it uses. */
export interface Rows {
  newLeases: Lease;
  changedLeases: Lease;
  entries: Entry;
  settlements: SettlementRow;
  usage: UsageRow;
  refusals: RefusalRow;
  transfers: TransferRow;
  audit: AuditRow & { readonly id: string };
  events: EventRow & { readonly id: string; readonly onceKey: string | null };
  anomalies: VelocityAnomaly & { readonly id: string };
  pauses: { readonly projectId: string; readonly reason: string };
  blocks: { readonly keyId: string };
  bars: { readonly sessionId: string; readonly model: string };
  epochs: { readonly changedAt: Date };
  windows: BudgetWindow;
  accounts: Account;
}

type Columns<Row> = Readonly<Record<string, Column<Row>>>;

const ended: Columns<Lease> = {
  id: uuid((lease) => lease.id),
  state: text((lease) => lease.state),
  used: int8((lease) => lease.used),
  late: int8((lease) => lease.late),
  charged: int8((lease) => lease.charged),
  last_seq: int4((lease) => lease.lastSeq),
  hold_until: timestamp((lease) => lease.holdUntil),
  ended_at: timestamp((lease) => lease.endedAt),
};

const leg = (name: AccountName): Column<Entry> => int8(({ legs }) => legs[name] ?? 0n);

export const COLUMNS: { readonly [Part in keyof Rows]: Columns<Rows[Part]> } = {
  newLeases: {
    ...ended,
    project_id: uuid((lease) => lease.projectId),
    session_id: uuid((lease) => lease.sessionId),
    key_id: text((lease) => lease.keyId),
    amount: int8((lease) => lease.amount),
    ttl_seconds: int4((lease) => lease.ttlSeconds),
    next_reset_at: timestamp((lease) => lease.nextResetAt),
    scopes: jsonb((lease) => JSON.stringify(lease.scopes)),
    request_hash: bytes((lease) => lease.requestHash),
    granted_at: timestamp((lease) => lease.grantedAt),
    expires_at: timestamp((lease) => lease.expiresAt),
  },
  changedLeases: ended,
  entries: {
    project_id: uuid((entry) => entry.projectId),
    id: uuid((entry) => entry.id),
    kind: text((entry) => entry.kind),
    external: leg('external'),
    available: leg('available'),
    reserved: leg('reserved'),
    spent: leg('spent'),
    overdraft: leg('overdraft'),
    lease_id: uuid((entry) => entry.leaseId),
    seq: int4((entry) => entry.seq),
    actor: text((entry) => entry.actor),
    reason: text((entry) => entry.reason),
  },
  settlements: {
    lease_id: uuid((row) => row.leaseId),
    seq: int4((row) => row.seq),
    project_id: uuid((row) => row.projectId),
    request_hash: bytes((row) => row.requestHash),
    amount: int8((row) => row.amount),
    budgets: jsonb((row) => stringify(row.budgets)),
    answer: jsonb((row) => stringify(row.answer)),
  },
  usage: {
    lease_id: uuid((row) => row.leaseId),
    seq: int4((row) => row.seq),
    id: uuid((row) => row.id),
    project_id: uuid((row) => row.projectId),
    session_id: uuid((row) => row.sessionId),
    key_id: text((row) => row.keyId),
    provider: text((row) => row.provider),
    model: text((row) => row.model),
    outcome: text((row) => row.outcome),
    estimated: bool((row) => row.estimated),
    tokens: jsonb((row) => JSON.stringify(row.tokens)),
    input_tokens: int8((row) => inputTokensOf(row.tokens)),
    output_tokens: int8((row) => outputTokensOf(row.tokens)),
    cost: int8((row) => row.cost),
    client_cost: int8((row) => row.clientCost),
    prices_version: text((row) => row.pricesVersion),
    priced_by: text((row) => row.pricedBy),
    pricing: jsonb((row) => (row.pricing ? stringify(row.pricing) : null)),
    tags: texts((row) => row.tags),
    duration_ms: int4((row) => row.durationMs),
    number: int8((row) => row.number),
  },
  refusals: {
    lease_id: uuid((row) => row.leaseId),
    project_id: uuid((row) => row.projectId),
    session_id: uuid((row) => row.sessionId),
    request_hash: bytes((row) => row.requestHash),
    refusal: jsonb((row) => stringify(row.refusal)),
  },
  transfers: {
    request_id: uuid((row) => row.requestId),
    project_id: uuid((row) => row.projectId),
    request_hash: bytes((row) => row.requestHash),
    answer: jsonb((row) => stringify(row.answer)),
  },
  audit: {
    id: uuid((row) => row.id),
    actor: text((row) => row.actor),
    action: text((row) => row.action),
    target: text((row) => row.target),
    details: jsonb((row) => stringify(row.details)),
  },
  events: {
    id: uuid((row) => row.id),
    kind: text((row) => row.kind),
    payload: jsonb((row) => stringify(row.payload)),
    once_key: text((row) => row.onceKey),
  },
  anomalies: {
    id: uuid((row) => row.id),
    project_id: uuid((row) => row.projectId),
    key_id: text((row) => row.keyId),
    action: text((row) => row.action),
    summary: text((row) => row.summary),
    evidence: jsonb(({ perMinute, limit }) => stringify({ perMinute, limit })),
    times: int4((row) => row.times),
  },
  pauses: {
    project_id: uuid((row) => row.projectId),
    reason: text((row) => row.reason),
  },
  blocks: { key_id: text((row) => row.keyId) },
  bars: { session_id: uuid((row) => row.sessionId), model: text((row) => row.model) },
  epochs: { changed_at: timestamp((row) => row.changedAt) },
  windows: {
    budget_id: uuid((window) => window.budgetId),
    start: day((window) => window.start),
    reserved: int8((window) => window.reserved),
    settled: int8((window) => window.settled),
    alerted_spent: int4((window) => window.alertedSpent),
    alerted_committed: int4((window) => window.alertedCommitted),
  },
  accounts: {
    project_id: uuid((account) => account.projectId),
    deposited: int8((account) => account.deposited),
    overdraft: int8((account) => account.overdraft),
    reserved: int8((account) => account.reserved),
    settled: int8((account) => account.settled),
    alerted_spent: int4((account) => account.alertedSpent),
    alerted_committed: int4((account) => account.alertedCommitted),
    minute_start: timestamp((account) => account.minuteStart),
    this_minute: int8((account) => account.thisMinute),
    last_minute: int8((account) => account.lastMinute),
    usage_count: int8((account) => account.usageCount),
  },
};
