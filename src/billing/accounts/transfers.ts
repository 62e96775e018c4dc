import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../../kernel/errors.js';
import { isUuid } from '../../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { ProjectDirectory } from '../../teams/index.js';
import type { deposit, listEntries } from '../billing.contract.js';
import { hashOf } from '../../kernel/request-hash.js';
import { Ledger } from '../leases/ledger.service.js';

/** A deposit, withdrawal or correction as its route decoded it. */
interface Movement {
  readonly params: { readonly projectId: string };
  readonly body: {
    readonly requestId: string;
    readonly amount: bigint;
    readonly reason?: string | undefined;
  };
}

/** Money in and out of a project, and the book that says so. */
@Injectable()
export class Transfers {
  constructor(
    private readonly ledger: Ledger,
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectDirectory,
  ) {}

  move(
    user: UserPrincipal,
    direction: 'deposit' | 'withdrawal' | 'correction',
    { params, body }: Movement,
  ): Promise<AnswerOf<typeof deposit>> {
    return this.ledger.execute(user.organizationId, {
      kind: 'transfer',
      direction,
      projectId: params.projectId,
      requestId: body.requestId,
      requestHash: hashOf({ direction, ...params, ...body }),
      amount: body.amount,
      actor: actorOf(user),
      reason: body.reason ?? null,
    });
  }

  /** Newest first by the database's clock: ids come from the clocks of replicas. */
  async entries(
    organizationId: string,
    { params, query }: InputOf<typeof listEntries>,
  ): Promise<AnswerOf<typeof listEntries>> {
    if (!(await this.projects.get(organizationId, params.projectId))) throw notFound('project');
    const limit = query.limit ?? 50;
    const [at = null, id = null] = placeOf(query.cursor);
    const rows = await this.unitOfWork.read<EntryRow>(organizationId, ENTRIES, [
      organizationId,
      params.projectId,
      at,
      id,
      limit + 1,
    ]);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.map(({ lease_id: leaseId, place: _place, ...row }) => ({ ...row, leaseId })),
      nextCursor: last ? `${last.place}_${last.id}` : null,
    };
  }
}

/** To the microsecond, which a date of JavaScript would lose. */
const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_([0-9a-f-]{36})$/;

function placeOf(cursor: string | undefined): string[] {
  if (cursor === undefined) return [];
  const [, at = '', id = ''] = PLACE.exec(cursor) ?? [];
  const time = new Date(at);
  // The thirtieth of February is a day of March to JavaScript, and none to PostgreSQL; neither is the year 0.
  const isDay = time.getUTCFullYear() > 0 && time.toISOString().startsWith(at.slice(0, 10));
  if (isDay && isUuid(id)) return [at, id];
  throw new AppError('VALIDATION_FAILED', 'The cursor is not one of ours; start without it.');
}

const ENTRIES = `
  SELECT id, at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS place, kind, lease_id, actor, reason, available_nano AS amount, reserved_nano AS leased, spent_nano AS spent
  FROM ledger_entries
  WHERE organization_id = $1 AND project_id = $2 AND ($3::timestamptz IS NULL OR (at, id) < ($3::timestamptz, $4::uuid))
  ORDER BY at DESC, id DESC
  LIMIT $5`;

type EntryView = AnswerOf<typeof listEntries>['items'][number];
type EntryRow = Omit<EntryView, 'leaseId'> & { lease_id: string | null; place: string };
