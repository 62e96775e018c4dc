import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { AppError } from '../../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf } from '../../kernel/route.js';
import {
  addMonths,
  firstLeaseOf,
  type Month,
  type Partition,
  Partitions,
  SYSTEM,
  type Tx,
  UnitOfWork,
} from '../../platform/database/index.js';
import type { getStorage } from '../storage.contract.js';
import {
  CARRY_BUDGETS,
  CARRY_ENTRIES,
  CARRY_PROJECTS,
  CARRY_USAGE,
  DROP_MINUTES,
  DROPPED,
  OBSTACLES,
  RECORD_DROP,
} from './old-months.sql.js';

type Storage = AnswerOf<typeof getStorage>;
type MonthView = Storage['months'][number];

/** A month goes when two more have passed: until then its reports may still be asked for again. */
const MONTHS_KEPT = 3;

/** What the database keeps by month, and how the oldest of them goes. */
@Injectable()
export class OldMonths {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly partitions: Partitions,
    private readonly audit: AuditTrail,
  ) {}

  async view(): Promise<Storage> {
    const [found, strays, [dropped]] = await Promise.all([
      this.partitions.list(),
      this.partitions.countStrays(),
      this.unitOfWork.read<{ before: string | null; today: Month }>(SYSTEM, DROPPED),
    ]);
    if (!dropped) throw new Error('the database has no clock');
    const months = [...new Set(found.flatMap(({ month }) => month ?? []))].sort();
    return {
      months: months.map((month) =>
        viewOf(month, found, stateOf(month, months[0] ?? month, dropped.today)),
      ),
      strays: strays.reduce((sum, { rows }) => sum + rows, 0),
      droppedBefore: dropped.before,
    };
  }

  /**
   * Drops entries, reports and usage lines of a month, of all organizations. What they sum up to is carried forward in the same
   * transaction, so that every figure can still be recomputed.
   *
   * @param month as `2026-11`
   * @throws {AppError} CONFLICT, with the reason why not
   */
  async drop(user: UserPrincipal, month: string): Promise<Storage> {
    const first = `${month}-01`;
    await this.refuseOthers(month);
    await this.partitions.drop(first, async (tx) => {
      await refuseObstacles(tx, first);
      await carry(tx, first, actorOf(user));
      await this.audit.record(tx, {
        organizationId: user.organizationId,
        actor: actorOf(user),
        action: 'storage.drop',
        target: `month:${month}`,
      });
    });
    return this.view();
  }

  private async refuseOthers(month: string): Promise<void> {
    const { months } = await this.view();
    const known = months.find((one) => one.month === month);
    if (known?.state === 'droppable') return;
    const droppable = months.find(({ state }) => state === 'droppable');
    const instead = droppable ? `The oldest is ${droppable.month}.` : 'None can be dropped yet.';
    throw new AppError(
      'CONFLICT',
      `Months are dropped from the oldest on, and not before two more have passed. ${instead}`,
    );
  }
}

function stateOf(month: Month, oldest: Month, today: Month): MonthView['state'] {
  if (month > today) return 'ahead';
  if (month === today) return 'current';
  return month === oldest && addMonths(month, MONTHS_KEPT) <= today ? 'droppable' : 'kept';
}

function viewOf(month: Month, all: readonly Partition[], state: MonthView['state']): MonthView {
  const mine = all.filter((partition) => partition.month === month);
  const bytes = (table: Partition['table']): number =>
    Number(mine.find((partition) => partition.table === table)?.bytes ?? 0n);
  return {
    month: month.slice(0, 7),
    entriesBytes: bytes('ledger_entries'),
    settlementsBytes: bytes('settlements'),
    usageBytes: bytes('usage_records'),
    rows: mine.every(({ rows }) => rows === null)
      ? null
      : mine.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    state,
  };
}

async function refuseObstacles(tx: Tx, month: Month): Promise<void> {
  const next = addMonths(month, 1);
  const [found] = await tx.query<{ open: number; unchecked: number; unsummed: number }>(OBSTACLES, [
    next,
    firstLeaseOf(next),
  ]);
  if (found && found.open > 0) {
    throw new AppError(
      'CONFLICT',
      `${found.open} leases of that month are still open. They end by themselves; try again then.`,
    );
  }
  if (found && found.unchecked > 0) {
    throw new AppError(
      'CONFLICT',
      `The ledger of ${found.unchecked} organizations does not add up, or was not checked in the last day. What a dropped month held cannot be checked any more, so that has to be cleared up first: iron-cage audit.`,
    );
  }
  if (found && found.unsummed > 0) {
    throw new AppError(
      'CONFLICT',
      `${found.unsummed} usage lines of that month are not summed up yet. The servers are at it; try again in a minute.`,
    );
  }
}

async function carry(tx: Tx, month: Month, actor: string): Promise<void> {
  const next = addMonths(month, 1);
  const leases = [firstLeaseOf(month), firstLeaseOf(next)];
  await tx.query(CARRY_ENTRIES, [month, next]);
  await tx.query(CARRY_PROJECTS, [month, ...leases]);
  await tx.query(CARRY_BUDGETS, leases);
  await tx.query(CARRY_USAGE, [month, next]);
  await tx.query(DROP_MINUTES, [next]);
  await tx.query(RECORD_DROP, [month, firstLeaseOf(next), actor]);
}
