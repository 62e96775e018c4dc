import { Injectable } from '@nestjs/common';
import { notFound } from '../../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { ProjectDirectory } from '../../teams/index.js';
import type { deposit, listEntries } from '../billing.contract.js';
import { hashOf } from '../domain/request-hash.js';
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

  /** Newest first. */
  async entries(
    organizationId: string,
    { params, query }: InputOf<typeof listEntries>,
  ): Promise<AnswerOf<typeof listEntries>> {
    if (!(await this.projects.get(organizationId, params.projectId))) throw notFound('project');
    const limit = query.limit ?? 50;
    const rows = await this.unitOfWork.read<EntryRow>(organizationId, ENTRIES, [
      organizationId,
      params.projectId,
      query.cursor ?? null,
      limit + 1,
    ]);
    const items = rows
      .slice(0, limit)
      .map(({ lease_id: leaseId, ...row }) => ({ ...row, leaseId }));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }
}

const ENTRIES = `
  SELECT id, at, kind, lease_id, actor, reason, available_nano AS amount, reserved_nano AS leased, spent_nano AS spent
  FROM ledger_entries
  WHERE organization_id = $1 AND project_id = $2 AND ($3::uuid IS NULL OR id < $3)
  ORDER BY id DESC
  LIMIT $4`;

type EntryView = AnswerOf<typeof listEntries>['items'][number];
type EntryRow = Omit<EntryView, 'leaseId'> & { lease_id: string | null };
