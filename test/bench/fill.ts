import type { BenchSite, Holder } from './site.js';

const LEASES = 1_000_000;
const CHUNK = 50_000;

/** A ledger with history: a million settled leases with their ten million entries, written as the server would have written them. */
export async function fillLedger(site: BenchSite, holder: Holder): Promise<void> {
  for (let done = 0; done < LEASES; done += CHUNK) {
    await site.dataSource.query(LEASES_SQL, [
      holder.organizationId,
      holder.projectId,
      holder.sessionId,
      holder.keyId,
      CHUNK,
    ]);
    process.stderr.write(`\r  ${(done + CHUNK).toLocaleString('en-US')} leases`);
  }
  process.stderr.write('\n');
  await site.dataSource.query('VACUUM ANALYZE');
}

// Ten entries a lease: a grant, three settlements and a return, two legs each. Their sum leaves the account as it was.
const LEASES_SQL = `
  WITH made AS (
    INSERT INTO leases (organization_id, id, project_id, session_id, key_id, state, amount_nano, used_nano, last_seq, ttl_seconds, request_hash, granted_at, expires_at, ended_at)
    SELECT $1, uuidv7(interval '-30 days'), $2, $3, $4, 'SETTLED', 500000000, 0, 0, 300, '\\x00', now() - interval '30 days', now() - interval '30 days', now() - interval '30 days'
    FROM generate_series(1, $5::int)
    RETURNING id
  )
  INSERT INTO ledger_entries (organization_id, transaction_id, account, project_id, kind, amount_nano, lease_id, actor, at)
  SELECT $1, t.id, l.account, $2, t.kind, l.amount, made.id, 'bench', now() - interval '30 days'
  FROM made
  CROSS JOIN LATERAL (VALUES
    (uuidv7(interval '-30 days'), 'GRANT', 'available', 'reserved', 500000000::bigint),
    (uuidv7(interval '-30 days'), 'SETTLE', 'reserved', 'spent', 0),
    (uuidv7(interval '-30 days'), 'SETTLE', 'reserved', 'spent', 0),
    (uuidv7(interval '-30 days'), 'SETTLE', 'reserved', 'spent', 0),
    (uuidv7(interval '-30 days'), 'RETURN', 'reserved', 'available', 500000000)) AS t(id, kind, source, target, amount)
  CROSS JOIN LATERAL (VALUES (t.source, -t.amount), (t.target, t.amount)) AS l(account, amount)`;
