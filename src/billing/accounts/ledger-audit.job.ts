import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { SYSTEM, UnitOfWork } from '../../platform/database/index.js';
import { LOGGER, type Logger, Metrics } from '../../platform/telemetry/index.js';
import { LedgerCheck } from './ledger-check.js';

const PERIOD_MS = 60_000;
const EVERY_SECONDS = 3_600;

/** Takes one organization that is due; replicas pass over what another one holds. */
const TAKE_DUE = `
  SELECT o.id FROM organizations o LEFT JOIN ledger_audits a ON a.organization_id = o.id
  WHERE a.checked_at IS NULL OR a.checked_at < clock_timestamp() - make_interval(secs => $1)
  ORDER BY a.checked_at NULLS FIRST
  LIMIT 1
  FOR UPDATE OF o SKIP LOCKED`;

const RECORD = `
  INSERT INTO ledger_audits (organization_id, checked_at, findings, report) VALUES ($1, clock_timestamp(), $2, $3)
  ON CONFLICT (organization_id) DO UPDATE SET checked_at = excluded.checked_at, findings = excluded.findings, report = excluded.report`;

const TELL = `INSERT INTO outbox_events (organization_id, id, kind, payload, at) VALUES ($1, $2, 'ledger.broken', $3, clock_timestamp())`;

/** Recomputes every organization's ledger once an hour. A finding is an alarm: it should never happen. */
@Injectable()
export class LedgerAuditJob implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private readonly findings;
  private readonly runs;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly check: LedgerCheck,
    metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.findings = metrics.gauge(
      'iron_cage_ledger_findings',
      'Rows that break an invariant of the ledger, of the organizations last checked here',
      ['organization'],
    );
    this.runs = metrics.counter('iron_cage_ledger_checks_total', 'Ledger checks', ['result']);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.runDue().catch((error: unknown) => {
        this.logger.warn({ err: error }, 'the ledger audit failed; the next round tries again');
      });
    }, PERIOD_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns how many organizations were checked */
  async runDue(olderThanSeconds = EVERY_SECONDS): Promise<number> {
    let checked = 0;
    while (await this.runOne(olderThanSeconds)) checked++;
    return checked;
  }

  private async runOne(olderThanSeconds: number): Promise<boolean> {
    return this.unitOfWork.run(SYSTEM, async (tx) => {
      const [due] = await tx.query<{ id: string }>(TAKE_DUE, [olderThanSeconds]);
      if (!due) return false;
      // On another connection, with its own snapshot; this one only holds the organization's turn.
      const report = await this.check.run(due.id);
      await tx.query(RECORD, [due.id, report.findings.length, JSON.stringify(report)]);
      this.findings.set({ organization: due.id }, report.findings.length);
      this.runs.inc({ result: report.ok ? 'ok' : 'broken' });
      if (!report.ok) {
        this.logger.error(
          { organizationId: due.id, findings: report.findings },
          'the ledger does not add up',
        );
        await tx.query(TELL, [
          due.id,
          newId(),
          JSON.stringify({ findings: report.findings.slice(0, 10) }),
        ]);
      }
      return true;
    });
  }
}
