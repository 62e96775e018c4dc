import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { AgentSessions } from '../../auth/index.js';
import { notFound } from '../../kernel/errors.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { Signals } from '../../platform/redis/index.js';
import { ProjectAccounts } from '../../teams/index.js';
import type { killSession, listSessions } from '../sessions.contract.js';
import { Ledger } from './ledger.service.js';

type SessionView = AnswerOf<typeof listSessions>['items'][number];

const SELECT = `
  SELECT s.id, s.project_id AS "projectId", p.name AS "projectName", s.key_id AS "keyId", k.name AS "keyName",
    coalesce(s.agent->>'name', s.agent->>'host', '–') AS agent, coalesce(s.agent->>'host', '–') AS host,
    least(coalesce((s.agent->>'pid')::bigint, 0), 2147483647)::int AS pid, coalesce(s.agent->>'sdk', '–') AS sdk, coalesce(s.agent->>'runtime', '–') AS runtime, s.ip,
    CASE WHEN s.killed_by IS NOT NULL THEN 'killed' WHEN s.ended_at IS NOT NULL THEN 'ended'
         WHEN s.last_seen_at < now() - interval '1 minute' THEN 'silent' ELSE 'active' END AS state,
    s.bound, s.started_at AS "startedAt", s.last_seen_at AS "lastSeenAt", s.ended_at AS "endedAt",
    held.leases AS "openLeases", held.amount AS held
  FROM sessions s
  JOIN projects p ON p.organization_id = s.organization_id AND p.id = s.project_id
  JOIN iron_cage_keys k ON k.organization_id = s.organization_id AND k.id = s.key_id
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS leases, coalesce(sum(l.amount_nano - l.used_nano), 0)::bigint AS amount
    FROM leases l
    WHERE l.organization_id = $1 AND l.project_id = s.project_id AND l.key_id = s.key_id AND l.session_id = s.id
      AND l.state IN ('PENDING', 'EXPIRED_HOLD')) held
  WHERE s.organization_id = $1`;

/** Agent processes as people see them. Ids are UUIDv7, so the order of ids is the order of time. */
@Injectable()
export class SessionDirectory {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sessions: AgentSessions,
    private readonly accounts: ProjectAccounts,
    private readonly ledger: Ledger,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async list(
    organizationId: string,
    query: InputOf<typeof listSessions>['query'],
  ): Promise<AnswerOf<typeof listSessions>> {
    const limit = query.limit ?? 50;
    const rows = await this.unitOfWork.read<SessionView>(
      organizationId,
      `${SELECT}
         AND ($2::uuid IS NULL OR s.project_id = $2) AND ($3::text IS NULL OR s.key_id = $3)
         AND ($4::boolean IS NOT TRUE OR s.ended_at IS NULL) AND ($5::uuid IS NULL OR s.id < $5)
       ORDER BY s.id DESC LIMIT $6`,
      [
        organizationId,
        query.projectId ?? null,
        query.keyId ?? null,
        query.open ?? null,
        query.cursor ?? null,
        limit + 1,
      ],
    );
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  /**
   * Stops one process. Its sessions end first, under the lock that every grant takes, so that no lease comes after; then its leases are
   * revoked. May be asked for twice: what a first attempt did not revoke, the second does.
   */
  async kill(
    user: UserPrincipal,
    { params: { sessionId }, body }: InputOf<typeof killSession>,
  ): Promise<AnswerOf<typeof killSession>> {
    const { organizationId } = user;
    const projectId = await this.sessions.projectOf(organizationId, sessionId);
    if (projectId === undefined) throw notFound('session');
    await this.unitOfWork.run(organizationId, async (tx) => {
      await this.accounts.lock(tx, organizationId, projectId);
      for (const id of await this.sessions.kill(tx, organizationId, sessionId, actorOf(user))) {
        await this.audit.record(tx, {
          organizationId,
          actor: actorOf(user),
          action: 'session.kill',
          target: `session:${id}`,
          details: { projectId, reason: body.reason ?? null },
        });
      }
    });
    this.signals.publish({ organizationId, topic: 'projects' });
    const revoked = await this.revokeLeases(user, projectId, sessionId);
    return { session: await this.get(organizationId, sessionId), ...revoked };
  }

  private async get(organizationId: string, sessionId: string): Promise<SessionView> {
    const [row] = await this.unitOfWork.read<SessionView>(
      organizationId,
      `${SELECT} AND s.id = $2`,
      [organizationId, sessionId],
    );
    if (!row) throw notFound('session');
    return row;
  }

  private async revokeLeases(
    user: UserPrincipal,
    projectId: string,
    sessionId: string,
  ): Promise<{ revokedLeases: number; returned: bigint }> {
    const { organizationId } = user;
    const open = await this.unitOfWork.read<{ id: string }>(
      organizationId,
      `SELECT id FROM leases
        WHERE organization_id = $1 AND project_id = $2 AND state IN ('PENDING', 'EXPIRED_HOLD') AND session_id IN (
          SELECT p.id FROM sessions s
            JOIN sessions p ON p.organization_id = s.organization_id
             AND (p.id = coalesce(s.process_id, s.id) OR p.process_id = coalesce(s.process_id, s.id))
           WHERE s.organization_id = $1 AND s.id = $3)`,
      [organizationId, projectId, sessionId],
    );
    const outcomes = await Promise.all(
      open.map(({ id }) =>
        this.ledger.submit(organizationId, {
          kind: 'revoke',
          projectId,
          leaseId: id,
          actor: actorOf(user),
        }),
      ),
    );
    // One that was settled in the meantime is not an error: it is closed.
    const ids = open.filter((_, index) => outcomes[index]?.ok).map(({ id }) => id);
    const [sum] = await this.unitOfWork.read<{ returned: bigint }>(
      organizationId,
      `SELECT coalesce(sum(amount_nano - used_nano), 0)::bigint AS returned FROM leases
        WHERE organization_id = $1 AND id = ANY($2::uuid[])`,
      [organizationId, ids],
    );
    return { revokedLeases: ids.length, returned: sum?.returned ?? 0n };
  }
}
