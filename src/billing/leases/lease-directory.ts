import { Injectable } from '@nestjs/common';
import { notFound } from '../../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import type { listLeases } from '../billing.contract.js';
import type { LeaseState } from '../domain/state.js';
import { Ledger } from './ledger.service.js';

type LeaseView = AnswerOf<typeof listLeases>['items'][number];

const SELECT = `
  SELECT l.id, l.project_id, p.name AS project_name, l.key_id, l.session_id, coalesce(s.agent->>'name', s.agent->>'host') AS agent, s.ip,
    l.state, l.amount_nano, l.used_nano, l.late_nano, l.granted_at, l.expires_at, l.ended_at
  FROM leases l
  JOIN projects p ON p.organization_id = l.organization_id AND p.id = l.project_id
  JOIN sessions s ON s.organization_id = l.organization_id AND s.id = l.session_id
  WHERE l.organization_id = $1`;

/** Leases as people see them. Ids are UUIDv7, so the order of ids is the order of time. */
@Injectable()
export class LeaseDirectory {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly ledger: Ledger,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listLeases>['query'],
  ): Promise<AnswerOf<typeof listLeases>> {
    const limit = query.limit ?? 50;
    const rows = await this.unitOfWork.read<LeaseRow>(
      organizationId,
      `${SELECT}
         AND ($2::uuid IS NULL OR l.project_id = $2) AND ($3::boolean IS NOT TRUE OR l.state IN ('PENDING', 'EXPIRED_HOLD'))
         AND ($4::uuid IS NULL OR l.id < $4)
       ORDER BY l.id DESC LIMIT $5`,
      [
        organizationId,
        query.projectId ?? null,
        query.open ?? null,
        query.cursor ?? null,
        limit + 1,
      ],
    );
    const items = rows.slice(0, limit).map(view);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async get(organizationId: string, leaseId: string): Promise<LeaseView> {
    const [row] = await this.unitOfWork.read<LeaseRow>(organizationId, `${SELECT} AND l.id = $2`, [
      organizationId,
      leaseId,
    ]);
    if (!row) throw notFound('lease');
    return view(row);
  }

  async revoke(user: UserPrincipal, leaseId: string): Promise<LeaseView> {
    const { projectId } = await this.get(user.organizationId, leaseId);
    await this.ledger.execute(user.organizationId, {
      kind: 'revoke',
      projectId,
      leaseId,
      actor: actorOf(user),
    });
    return this.get(user.organizationId, leaseId);
  }

  /** @returns how many were open */
  async revokeAllOf(user: UserPrincipal, keyId: string): Promise<number> {
    const { organizationId } = user;
    const [key] = await this.unitOfWork.read<{ projectId: string }>(
      organizationId,
      'SELECT project_id AS "projectId" FROM iron_cage_keys WHERE organization_id = $1 AND id = $2',
      [organizationId, keyId],
    );
    if (!key) throw notFound('key');
    const open = await this.unitOfWork.read<{ id: string }>(
      organizationId,
      `SELECT id FROM leases WHERE organization_id = $1 AND project_id = $2 AND key_id = $3 AND state IN ('PENDING', 'EXPIRED_HOLD')`,
      [organizationId, key.projectId, keyId],
    );
    const outcomes = await Promise.all(
      open.map(({ id }) =>
        this.ledger.submit(organizationId, {
          kind: 'revoke',
          projectId: key.projectId,
          leaseId: id,
          actor: actorOf(user),
        }),
      ),
    );
    // One that was settled in the meantime is not an error: it is closed.
    return outcomes.filter(({ ok }) => ok).length;
  }
}

interface LeaseRow {
  id: string;
  project_id: string;
  project_name: string;
  key_id: string;
  session_id: string;
  agent: string;
  ip: string;
  state: LeaseState;
  amount_nano: bigint;
  used_nano: bigint;
  late_nano: bigint;
  granted_at: Date;
  expires_at: Date;
  ended_at: Date | null;
}

function view(row: LeaseRow): LeaseView {
  return {
    id: row.id,
    projectId: row.project_id,
    projectName: row.project_name,
    keyId: row.key_id,
    sessionId: row.session_id,
    agent: row.agent,
    ip: row.ip,
    state: row.state,
    amount: row.amount_nano,
    used: row.used_nano,
    late: row.late_nano,
    grantedAt: row.granted_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  };
}
