import type { BenchSite, Holder } from './site.js';

const LEASES = 1_000_000;
const CHUNK = 50_000;

/** A ledger with history: a million settled leases with their ten million entries, written as the server would have written them. */
export async function fillLedger(site: BenchSite, holder: Holder): Promise<void> {
  const { organizationId, projectId, sessionId, keyId } = holder;
  for (let done = 0; done < LEASES; done += CHUNK) {
    await site.fill(FILL, [organizationId, projectId, sessionId, keyId, CHUNK]);
    process.stderr.write(`\r  ${(done + CHUNK).toLocaleString('en-US')} leases`);
  }
  process.stderr.write('\n');
  await site.fill('VACUUM ANALYZE', []);
}

// Ten entries a lease: a grant, eight settlements and a return. Together they leave the account as it was.
const FILL = `
  WITH made AS (
    INSERT INTO leases (organization_id, id, project_id, session_id, key_id, state, amount_nano, last_seq, ttl_seconds, request_hash, granted_at, expires_at, ended_at)
    SELECT $1, uuidv7(interval '-30 days'), $2, $3, $4, 'SETTLED', 500000000, 0, 300, '\\x00', now() - interval '30 days', now() - interval '30 days', now() - interval '30 days'
    FROM generate_series(1, $5::int)
    RETURNING id
  )
  INSERT INTO ledger_entries (organization_id, project_id, id, kind, external_nano, available_nano, reserved_nano, spent_nano, overdraft_nano, lease_id, actor, at)
  SELECT $1, $2, uuidv7(interval '-30 days'), e.kind, 0, e.available, -e.available, 0, 0, made.id, 'bench', now() - interval '30 days'
  FROM made
  CROSS JOIN (VALUES ('GRANT', -500000000::bigint), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('SETTLE', 0), ('RETURN', 500000000)) AS e(kind, available)`;
