import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { LOGGER, type Logger, Metrics } from '../../platform/telemetry/index.js';
import { LedgerCheck, type LedgerReport } from './ledger-check.js';

const PERIOD_MS = 60_000;
/** Between two checks of one ledger. */
const EVERY = '1 hour';
/** A check that is not done by then was lost with its server. */
const AT_MOST = '30 minutes';

/**
 * Takes one organization that is due, by making it due later. That is a row and not a lock: a check of many years takes longer than a lock
 * may be held. Of two replicas that choose the same one, the second finds it taken when its turn comes to write.
 */
const TAKE = `
  INSERT INTO ledger_audits AS a (organization_id, due_at)
  SELECT o.id, clock_timestamp() + interval '${AT_MOST}'
  FROM organizations o LEFT JOIN ledger_audits b ON b.organization_id = o.id
  WHERE b.due_at IS NULL OR b.due_at <= clock_timestamp()
  ORDER BY b.due_at NULLS FIRST
  LIMIT 1
  ON CONFLICT (organization_id) DO UPDATE SET due_at = excluded.due_at WHERE a.due_at <= clock_timestamp()
  RETURNING organization_id AS id`;

const RECORD = `
  UPDATE ledger_audits
  SET checked_at = clock_timestamp(), due_at = clock_timestamp() + interval '${EVERY}', findings = $2, report = $3
  WHERE organization_id = $1`;

const TELL = `INSERT INTO outbox_events (organization_id, id, kind, payload, at) VALUES ($1, $2, 'ledger.broken', $3, clock_timestamp())`;

/** Recomputes every organization's ledger once an hour. A finding is an alarm: it should never happen. */
@Injectable()
export class LedgerAuditJob {
  private readonly findings;
  private readonly runs;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly check: LedgerCheck,
    metrics: Metrics,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.every(PERIOD_MS, 'ledger-audit', () => this.runDue());
    this.findings = metrics.gauge(
      'iron_cage_ledger_findings',
      'Rows that break an invariant of the ledger, as the last check on any server found them',
      ['organization'],
    );
    this.runs = metrics.counter('iron_cage_ledger_checks_total', 'Ledger checks', ['result']);
  }

  /** @returns how many organizations were checked */
  async runDue(): Promise<number> {
    let checked = 0;
    while (await this.runOne()) checked++;
    await this.showFindings();
    return checked;
  }

  /** What another server checked since then counts: else what it found mended would stay an alarm here. */
  private async showFindings(): Promise<void> {
    const rows = await this.unitOfWork.read<{ organization: string; findings: number }>(
      SYSTEM,
      'SELECT organization_id AS organization, findings FROM ledger_audits WHERE findings IS NOT NULL',
    );
    this.findings.reset();
    for (const { organization, findings } of rows) this.findings.set({ organization }, findings);
  }

  private async runOne(): Promise<boolean> {
    const [due] = await this.unitOfWork.run(SYSTEM, (tx) => tx.query<{ id: string }>(TAKE));
    if (!due) return false;
    // When it fails it stays taken: an organization whose check fails must not keep the others from theirs.
    const report = await this.check.run(due.id);
    await this.unitOfWork.run(SYSTEM, (tx) => record(tx, due.id, report));
    this.runs.inc({ result: report.ok ? 'ok' : 'broken' });
    if (!report.ok) {
      this.logger.error(
        { organizationId: due.id, findings: report.findings },
        'the ledger does not add up',
      );
    }
    return true;
  }
}

async function record(tx: Tx, organizationId: string, report: LedgerReport): Promise<void> {
  const { findings } = report;
  await tx.query(RECORD, [organizationId, findings.length, JSON.stringify(report)]);
  if (report.ok) return;
  const shown = JSON.stringify({ findings: findings.slice(0, 10) });
  await tx.query(TELL, [organizationId, newId(), shown]);
}
