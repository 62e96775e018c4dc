import type { Tx } from '../../platform/database/index.js';
import type { Command, Refusal, Settled } from '../domain/commands.js';
import type { Account, Lease, LeaseState, ProjectTerms } from '../domain/state.js';
import { holderKey, noChanges, settlementKey, type WorkingSet } from '../domain/working-set.js';
import { reviveSettled, reviveTransfer } from './answers.js';

/**
 * Locks the accounts that a batch touches, in id order, and then reads everything else: a statement that starts after the lock was
 * granted sees all that its former holders committed.
 */
export async function loadWorkingSet(
  tx: Tx,
  organizationId: string,
  commands: readonly Command[],
): Promise<WorkingSet> {
  const projectIds = distinct(commands.map((command) => command.projectId));
  const accounts = await tx.query<AccountRow>(LOCK_ACCOUNTS, [organizationId, projectIds]);
  const [facts] = await tx.query<{ facts: Facts }>(READ_FACTS, [
    organizationId,
    projectIds,
    distinct(commands.flatMap((command) => ('sessionId' in command ? [command.sessionId] : []))),
    distinct(commands.flatMap(leaseIdsOf)),
    distinct(commands.flatMap((command) => (command.kind === 'settle' ? [command.leaseId] : []))),
    distinct(
      commands.flatMap((command) => (command.kind === 'transfer' ? [command.requestId] : [])),
    ),
    distinct(commands.flatMap((command) => ('keyId' in command ? [command.keyId] : []))),
  ]);
  if (!facts) throw new Error('the facts query gave no row');
  return assemble(accounts, facts.facts);
}

function leaseIdsOf(command: Command): string[] {
  if (command.kind === 'transfer') return [];
  return command.kind === 'settle' && command.next
    ? [command.leaseId, command.next.leaseId]
    : [command.leaseId];
}

function assemble(accounts: readonly AccountRow[], facts: Facts): WorkingSet {
  return {
    now: new Date(facts.now_ms),
    accounts: new Map(accounts.map((row) => [row.project_id, account(row)])),
    projects: new Map(facts.projects.map((row) => [row.id, terms(row)])),
    sessions: new Map(
      facts.sessions.map((row) => [
        row.id,
        {
          projectId: row.project_id,
          keyId: row.key_id,
          ended: row.ended,
          keyRevoked: row.key_revoked,
        },
      ]),
    ),
    leases: new Map(facts.leases.map((row) => [row.id, lease(row)])),
    refusals: new Map(
      facts.refusals.map((row) => [
        row.lease_id,
        { sessionId: row.session_id, requestHash: bytes(row.request_hash), answer: row.refusal },
      ]),
    ),
    settlements: new Map(
      facts.settlements.map((row) => [
        settlementKey(row.lease_id, row.seq),
        { requestHash: bytes(row.request_hash), answer: reviveSettled(row.answer) },
      ]),
    ),
    transfers: new Map(
      facts.transfers.map((row) => [
        row.request_id,
        { requestHash: bytes(row.request_hash), answer: reviveTransfer(row.answer) },
      ]),
    ),
    openLeases: new Map(
      facts.open.map((row) => [holderKey(row.project_id, row.key_id), row.count]),
    ),
    changes: noChanges(),
  };
}

const LOCK_ACCOUNTS = `
  SELECT project_id, deposited_nano, overdraft_nano, reserved_nano, settled_nano
  FROM accounts
  WHERE organization_id = $1 AND project_id = ANY($2::uuid[])
  ORDER BY project_id
  FOR UPDATE`;

// One round trip. Amounts travel as text: JSON numbers would lose digits above 2⁵³.
const READ_FACTS = `
  SELECT json_build_object(
    'now_ms', (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
    'projects', coalesce((
      SELECT json_agg(json_build_object('id', id, 'name', name, 'state', state, 'pause_reason', pause_reason,
        'tranche', tranche_nano::text, 'ttl', lease_ttl_seconds, 'grace', grace_seconds, 'expiry', expiry_policy, 'max_open', max_open_leases))
      FROM projects WHERE organization_id = $1 AND id = ANY($2::uuid[])), '[]'),
    'sessions', coalesce((
      SELECT json_agg(json_build_object('id', s.id, 'project_id', s.project_id, 'key_id', s.key_id, 'ended', s.ended_at IS NOT NULL,
        'key_revoked', k.revoked_at IS NOT NULL OR k.expires_at <= clock_timestamp()))
      FROM sessions s JOIN iron_cage_keys k ON k.organization_id = s.organization_id AND k.id = s.key_id
      WHERE s.organization_id = $1 AND s.id = ANY($3::uuid[])), '[]'),
    'leases', coalesce((
      SELECT json_agg(json_build_object('id', id, 'project_id', project_id, 'session_id', session_id, 'key_id', key_id, 'state', state,
        'amount', amount_nano::text, 'used', used_nano::text, 'late', late_nano::text, 'charged', charged_nano::text, 'last_seq', last_seq,
        'ttl', ttl_seconds, 'request_hash', encode(request_hash, 'hex'), 'granted_ms', extract(epoch FROM granted_at) * 1000,
        'expires_ms', extract(epoch FROM expires_at) * 1000, 'hold_ms', extract(epoch FROM hold_until) * 1000, 'ended_ms', extract(epoch FROM ended_at) * 1000))
      FROM leases WHERE organization_id = $1 AND id = ANY($4::uuid[])), '[]'),
    'refusals', coalesce((
      SELECT json_agg(json_build_object('lease_id', lease_id, 'session_id', session_id, 'request_hash', encode(request_hash, 'hex'), 'refusal', refusal))
      FROM lease_refusals WHERE organization_id = $1 AND lease_id = ANY($4::uuid[])), '[]'),
    'settlements', coalesce((
      SELECT json_agg(json_build_object('lease_id', lease_id, 'seq', seq, 'request_hash', encode(request_hash, 'hex'), 'answer', answer))
      FROM settlements WHERE organization_id = $1 AND lease_id = ANY($5::uuid[])), '[]'),
    'transfers', coalesce((
      SELECT json_agg(json_build_object('request_id', request_id, 'request_hash', encode(request_hash, 'hex'), 'answer', answer))
      FROM transfers WHERE organization_id = $1 AND request_id = ANY($6::uuid[])), '[]'),
    'open', coalesce((
      SELECT json_agg(o) FROM (
        SELECT project_id, key_id, count(*)::int AS count FROM leases
        WHERE organization_id = $1 AND project_id = ANY($2::uuid[]) AND key_id = ANY($7::text[]) AND state IN ('PENDING', 'EXPIRED_HOLD')
        GROUP BY project_id, key_id) o), '[]')
  ) AS facts`;

interface AccountRow {
  project_id: string;
  deposited_nano: bigint;
  overdraft_nano: bigint;
  reserved_nano: bigint;
  settled_nano: bigint;
}

interface Facts {
  now_ms: number;
  projects: {
    id: string;
    name: string;
    state: ProjectTerms['state'];
    pause_reason: string | null;
    tranche: string;
    ttl: number;
    grace: number;
    expiry: ProjectTerms['expiryPolicy'];
    max_open: number;
  }[];
  sessions: {
    id: string;
    project_id: string;
    key_id: string;
    ended: boolean;
    key_revoked: boolean;
  }[];
  leases: LeaseRow[];
  refusals: { lease_id: string; session_id: string; request_hash: string; refusal: Refusal }[];
  settlements: {
    lease_id: string;
    seq: number;
    request_hash: string;
    answer: Record<keyof Settled, unknown>;
  }[];
  transfers: { request_id: string; request_hash: string; answer: Record<string, string> }[];
  open: { project_id: string; key_id: string; count: number }[];
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
  request_hash: string;
  granted_ms: number;
  expires_ms: number;
  hold_ms: number | null;
  ended_ms: number | null;
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)];
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

function account(row: AccountRow): Account {
  return {
    projectId: row.project_id,
    deposited: row.deposited_nano,
    overdraft: row.overdraft_nano,
    reserved: row.reserved_nano,
    settled: row.settled_nano,
  };
}

function terms(row: Facts['projects'][number]): ProjectTerms {
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
  };
}

function lease(row: LeaseRow): Lease {
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
    requestHash: bytes(row.request_hash),
    grantedAt: new Date(row.granted_ms),
    expiresAt: new Date(row.expires_ms),
    holdUntil: date(row.hold_ms),
    endedAt: date(row.ended_ms),
  };
}
