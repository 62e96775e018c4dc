import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { AppError, notFound } from '../../kernel/errors.js';
import { newId, uuidOf } from '../../kernel/ids.js';
import { printMoney } from '../../kernel/money.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import { hashOf, isRepetition } from '../../kernel/request-hash.js';
import { whyStopped } from '../../kernel/stopped-project.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { SYSTEM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { eachInTurn, Jobs } from '../../platform/jobs/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { ProjectDirectory, type ProjectRecord } from '../../teams/index.js';
import type { createRefill, listRefills } from '../refills.contract.js';
import { type Calendar, nextReset, windowStart } from '../domain/windows.js';
import { Ledger } from '../leases/ledger.service.js';
import { BudgetStore } from './budget-store.js';

type RefillView = AnswerOf<typeof createRefill>;
const PERIOD_MS = 30_000;
const MOST_PER_PROJECT = 20;

interface Row extends Omit<RefillView, 'nextAt' | 'cap'> {
  organizationId: string;
  cap: bigint;
  lastStart: string | null;
}

const SELECT = `
  SELECT r.organization_id AS "organizationId", r.id, r.project_id AS "projectId", r.mode, r.amount_nano AS amount, r.cap_nano AS cap,
    r.window_kind AS window, r.last_start::text AS "lastStart", r.created_at AS "createdAt"
  FROM refills r`;

/**
 * Deposits that come by themselves at the start of a window. Each window's deposit has an id made of the rule and the window, so any
 * number of replicas may try it, and it happens once.
 */
@Injectable()
export class Refills {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly budgets: BudgetStore,
    private readonly ledger: Ledger,
    private readonly projects: ProjectDirectory,
    private readonly audit: AuditTrail,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.every(PERIOD_MS, 'refills', () => this.runDue());
  }

  async list(organizationId: string, projectId: string): Promise<AnswerOf<typeof listRefills>> {
    await this.projectOf(organizationId, projectId);
    const { now, ...calendar } = await this.budgets.calendar(organizationId);
    const rows = await this.unitOfWork.read<Row>(
      organizationId,
      `${SELECT} WHERE r.organization_id = $1 AND r.project_id = $2 ORDER BY r.id`,
      [organizationId, projectId],
    );
    return { items: rows.map((row) => view(row, now, calendar)) };
  }

  async create(
    user: UserPrincipal,
    { params, body }: InputOf<typeof createRefill>,
  ): Promise<RefillView> {
    const { organizationId } = user;
    const { projectId } = params;
    const project = await this.projectOf(organizationId, projectId);
    const stopped = project.state === 'archived' ? whyStopped(project) : undefined;
    if (stopped) throw new AppError(stopped.code, stopped.message);
    const { id = newId() } = body;
    const requestHash = hashOf({ projectId, ...body });
    await this.unitOfWork.run(organizationId, async (tx) => {
      if (await this.isMadeAlready(tx, organizationId, id, requestHash)) return;
      const made = await tx.query(
        `INSERT INTO refills (organization_id, id, project_id, mode, amount_nano, cap_nano, window_kind, created_by, request_hash)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
         WHERE (SELECT count(*) FROM refills WHERE organization_id = $1 AND project_id = $3) < ${MOST_PER_PROJECT} ON CONFLICT DO NOTHING RETURNING id`,
        [
          organizationId,
          id,
          projectId,
          body.mode,
          body.amount,
          body.cap ?? 0n,
          body.window,
          actorOf(user),
          requestHash,
        ],
      );
      // The same id came twice at once: the other one has just been committed.
      if (made.length === 0 && (await this.isMadeAlready(tx, organizationId, id, requestHash)))
        return;
      if (made.length === 0)
        throw new AppError(
          'CONFLICT',
          `A project has at most ${MOST_PER_PROJECT} refills. Remove one first.`,
        );
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'refill.create',
        target: `project:${projectId}`,
        details: {
          refillId: id,
          mode: body.mode,
          amount: printMoney(body.amount),
          window: body.window,
        },
      });
    });
    await this.runDue(organizationId);
    const found = (await this.list(organizationId, projectId)).items.find((item) => item.id === id);
    if (!found) throw notFound('refill');
    return found;
  }

  /** @throws {AppError} CONFLICT when the id was used for another refill */
  private async isMadeAlready(
    tx: Tx,
    organizationId: string,
    refillId: string,
    requestHash: Buffer,
  ): Promise<boolean> {
    const [before] = await tx.query<{ requestHash: Buffer | null }>(
      'SELECT request_hash AS "requestHash" FROM refills WHERE organization_id = $1 AND id = $2',
      [organizationId, refillId],
    );
    return isRepetition(before, requestHash, 'refill');
  }

  async remove(user: UserPrincipal, projectId: string, refillId: string): Promise<void> {
    const { organizationId } = user;
    await this.unitOfWork.run(organizationId, async (tx) => {
      const gone = await tx.query(
        'DELETE FROM refills WHERE organization_id = $1 AND project_id = $2 AND id = $3 RETURNING id',
        [organizationId, projectId, refillId],
      );
      if (gone.length === 0) throw notFound('refill');
      await this.audit.record(tx, {
        organizationId,
        actor: actorOf(user),
        action: 'refill.remove',
        target: `project:${projectId}`,
        details: { refillId },
      });
    });
  }

  /** Deposits for every rule (of one organization, if given) whose window has begun and has none yet. A project that is paused gets its money all the same. */
  async runDue(organizationId?: string): Promise<void> {
    const rows = await this.unitOfWork.read<Row & Calendar & { now: Date }>(
      organizationId ?? SYSTEM,
      `SELECT q.*, o.time_zone AS "timeZone", o.month_starts_on AS "monthStartsOn", clock_timestamp() AS now
       FROM (${SELECT}) q JOIN organizations o ON o.id = q."organizationId"
       JOIN projects p ON p.organization_id = q."organizationId" AND p.id = q."projectId"
       WHERE ($1::uuid IS NULL OR q."organizationId" = $1) AND p.state <> 'archived'
       ORDER BY q."lastStart" NULLS FIRST, q.id
       LIMIT 10000`,
      [organizationId ?? null],
    );
    await eachInTurn(rows, (row) => this.refill(row));
  }

  private async refill(row: Row & Calendar & { now: Date }): Promise<void> {
    const start = windowStart(row.window, row.now, row);
    if (row.lastStart !== null && row.lastStart >= start) return;
    const outcome = await this.ledger.submit(row.organizationId, {
      kind: 'refill',
      projectId: row.projectId,
      requestId: idOf(row.id, start),
      requestHash: createHash('sha256').update(`refill ${row.id} ${start}`).digest(),
      mode: row.mode,
      amount: row.amount,
      cap: row.cap,
      reason: `refill (${row.mode}) for the ${row.window} from ${start}`,
    });
    if (!outcome.ok)
      this.logger.warn({ refillId: row.id, code: outcome.refusal.code }, 'a refill was refused');
    await this.unitOfWork.read(
      row.organizationId,
      'UPDATE refills SET last_start = $3 WHERE organization_id = $1 AND id = $2',
      [row.organizationId, row.id, start],
    );
  }

  private async projectOf(organizationId: string, projectId: string): Promise<ProjectRecord> {
    const project = await this.projects.get(organizationId, projectId);
    if (!project) throw notFound('project');
    return project;
  }
}

function view(row: Row, now: Date, calendar: Calendar): RefillView {
  const { organizationId: _organization, lastStart: _last, cap, ...rest } = row;
  return {
    ...rest,
    cap: row.mode === 'add-with-cap' ? cap : null,
    nextAt: nextReset(row.window, now, calendar) ?? now,
  };
}

/** A UUIDv8 (RFC 9562, section 5.8) made of the rule and the window. */
function idOf(refillId: string, start: string): string {
  const hash = createHash('sha256').update(`${refillId}/${start}`).digest();
  hash[6] = 0x80 | ((hash[6] ?? 0) & 0x0f);
  hash[8] = 0x80 | ((hash[8] ?? 0) & 0x3f);
  return uuidOf(hash.subarray(0, 16));
}
