import { newId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/index.js';
import { BUCKETS } from '../domain/pricing.js';
import type { Lease } from '../domain/state.js';
import type { UsageRow, WorkingSet } from '../domain/working-set.js';
import { storable } from './answers.js';

/**
 * Writes all that a batch changed, in one statement: rows go in as JSON, one array a table. New leases are inserted, never merged: two
 * replicas that grant the same id at the same time must collide, not overwrite each other.
 */
export async function writeWorkingSet(
  tx: Tx,
  organizationId: string,
  set: WorkingSet,
): Promise<void> {
  const { changes } = set;
  const lease = (id: string): object => leaseRow(set.leases.get(id));
  await tx.query(WRITE, [
    organizationId,
    set.now,
    storable([...changes.accounts].map((id) => set.accounts.get(id) ?? {})),
    storable([...changes.newLeases].map(lease)),
    storable([...changes.changedLeases].filter((id) => !changes.newLeases.has(id)).map(lease)),
    storable(
      changes.entries.flatMap(({ legs, ...entry }) =>
        Object.entries(legs).map(([account, amount]) => ({ ...entry, account, amount })),
      ),
    ),
    storable(changes.settlements.map((row) => ({ ...row, requestHash: hex(row.requestHash) }))),
    storable(changes.usage.map(usageRow)),
    storable(changes.refusals.map((row) => ({ ...row, requestHash: hex(row.requestHash) }))),
    storable(changes.transfers.map((row) => ({ ...row, requestHash: hex(row.requestHash) }))),
    storable(changes.audit.map((row) => ({ ...row, id: newId(set.now.getTime()) }))),
  ]);
}

const hex = (bytes: Buffer): string => bytes.toString('hex');

function leaseRow(lease: Lease | undefined): object {
  if (!lease) throw new Error('a changed lease is not in the working set');
  return { ...lease, requestHash: hex(lease.requestHash) };
}

function usageRow(row: UsageRow): object {
  const { tokens } = row;
  const output = tokens.output + tokens.audioOutput;
  return {
    ...row,
    inputTokens: BUCKETS.reduce((sum, bucket) => sum + tokens[bucket], 0) - output,
    outputTokens: output,
  };
}

const WRITE = `
  WITH new_lease AS (
    INSERT INTO leases (organization_id, id, project_id, session_id, key_id, state, amount_nano, used_nano, late_nano, charged_nano, last_seq,
      ttl_seconds, request_hash, granted_at, expires_at, hold_until, ended_at)
    SELECT $1, id, "projectId", "sessionId", "keyId", state, amount, used, late, charged, "lastSeq", "ttlSeconds", decode("requestHash", 'hex'),
      "grantedAt", "expiresAt", "holdUntil", "endedAt"
    FROM jsonb_to_recordset($4::jsonb) AS x(id uuid, "projectId" uuid, "sessionId" uuid, "keyId" text, state text, amount bigint, used bigint,
      late bigint, charged bigint, "lastSeq" int, "ttlSeconds" int, "requestHash" text, "grantedAt" timestamptz, "expiresAt" timestamptz,
      "holdUntil" timestamptz, "endedAt" timestamptz)
  ), changed_lease AS (
    UPDATE leases l
    SET state = x.state, used_nano = x.used, late_nano = x.late, charged_nano = x.charged, last_seq = x."lastSeq", hold_until = x."holdUntil", ended_at = x."endedAt"
    FROM jsonb_to_recordset($5::jsonb) AS x(id uuid, state text, used bigint, late bigint, charged bigint, "lastSeq" int, "holdUntil" timestamptz, "endedAt" timestamptz)
    WHERE l.organization_id = $1 AND l.id = x.id
  ), entry AS (
    INSERT INTO ledger_entries (organization_id, transaction_id, account, project_id, kind, amount_nano, lease_id, seq, actor, reason, at)
    SELECT $1, "transactionId", account, "projectId", kind, amount, "leaseId", seq, actor, reason, $2
    FROM jsonb_to_recordset($6::jsonb) AS x("transactionId" uuid, account text, "projectId" uuid, kind text, amount bigint, "leaseId" uuid, seq int, actor text, reason text)
  ), settlement AS (
    INSERT INTO settlements (organization_id, lease_id, seq, project_id, request_hash, amount_nano, answer, settled_at)
    SELECT $1, "leaseId", seq, "projectId", decode("requestHash", 'hex'), amount, answer, $2
    FROM jsonb_to_recordset($7::jsonb) AS x("leaseId" uuid, seq int, "projectId" uuid, "requestHash" text, amount bigint, answer jsonb)
  ), usage_record AS (
    INSERT INTO usage_records (organization_id, id, lease_id, seq, project_id, session_id, key_id, provider, model, outcome, estimated, tokens,
      input_tokens, output_tokens, cost_nano, client_cost_nano, prices_version, priced_by, duration_ms, at)
    SELECT $1, id, "leaseId", seq, "projectId", "sessionId", "keyId", provider, model, outcome, estimated, tokens, "inputTokens", "outputTokens",
      cost, "clientCost", "pricesVersion", "pricedBy", "durationMs", $2
    FROM jsonb_to_recordset($8::jsonb) AS x(id uuid, "leaseId" uuid, seq int, "projectId" uuid, "sessionId" uuid, "keyId" text, provider text,
      model text, outcome text, estimated boolean, tokens jsonb, "inputTokens" bigint, "outputTokens" bigint, cost bigint, "clientCost" bigint,
      "pricesVersion" text, "pricedBy" text, "durationMs" int)
  ), refusal AS (
    INSERT INTO lease_refusals (organization_id, lease_id, project_id, session_id, request_hash, refusal, refused_at)
    SELECT $1, "leaseId", "projectId", "sessionId", decode("requestHash", 'hex'), refusal, $2
    FROM jsonb_to_recordset($9::jsonb) AS x("leaseId" uuid, "projectId" uuid, "sessionId" uuid, "requestHash" text, refusal jsonb)
  ), transfer AS (
    INSERT INTO transfers (organization_id, request_id, project_id, request_hash, answer, at)
    SELECT $1, "requestId", "projectId", decode("requestHash", 'hex'), answer, $2
    FROM jsonb_to_recordset($10::jsonb) AS x("requestId" uuid, "projectId" uuid, "requestHash" text, answer jsonb)
  ), audit AS (
    INSERT INTO audit_events (organization_id, id, at, actor, action, target, details)
    SELECT $1, id, $2, actor, action, target, details
    FROM jsonb_to_recordset($11::jsonb) AS x(id uuid, actor text, action text, target text, details jsonb)
  )
  UPDATE accounts a
  SET deposited_nano = x.deposited, overdraft_nano = x.overdraft, reserved_nano = x.reserved, settled_nano = x.settled
  FROM jsonb_to_recordset($3::jsonb) AS x("projectId" uuid, deposited bigint, overdraft bigint, reserved bigint, settled bigint)
  WHERE a.organization_id = $1 AND a.project_id = x."projectId"`;
