import { Injectable } from '@nestjs/common';
import type { AgentPrincipal } from '../../kernel/principal.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';

interface SessionLife {
  readonly id: string;
  readonly ended: boolean;
  readonly heardSecondsAgo: number;
}

@Injectable()
export class SessionStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async insert(
    tx: Tx,
    agent: AgentPrincipal,
    session: {
      id: string;
      ip: string;
      agent: Record<string, unknown>;
      processId: string | undefined;
    },
  ): Promise<void> {
    await tx.query(
      `INSERT INTO sessions (organization_id, id, project_id, key_id, ip, agent, process_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [
        agent.organizationId,
        session.id,
        agent.projectId,
        agent.keyId,
        session.ip,
        JSON.stringify(session.agent),
        session.processId,
      ],
    );
  }

  /** @returns whether this key has such a session */
  async end(agent: AgentPrincipal, sessionId: string): Promise<boolean> {
    return this.update('ended_at = coalesce(ended_at, now())', agent, sessionId);
  }

  /** @returns whether this key has such a session */
  async touch(agent: AgentPrincipal, sessionId: string): Promise<boolean> {
    const bound = agent.provenSession === undefined ? '' : ', bound = true';
    return this.update(`last_seen_at = now()${bound}`, agent, sessionId);
  }

  async markBound(agent: AgentPrincipal, sessionId: string): Promise<void> {
    await this.unitOfWork.run(agent.organizationId, (tx) =>
      tx.query(
        'UPDATE sessions SET bound = true WHERE organization_id = $1 AND id = $2 AND key_id = $3 AND NOT bound',
        [agent.organizationId, sessionId, agent.keyId],
      ),
    );
  }

  /** Of this key's sessions: whether each has ended, and when it was last heard of. */
  livesOf(agent: AgentPrincipal, sessionIds: readonly string[]): Promise<SessionLife[]> {
    return this.unitOfWork.read<SessionLife>(
      agent.organizationId,
      `SELECT id, ended_at IS NOT NULL AS ended,
              extract(epoch FROM clock_timestamp() - last_seen_at)::float8 AS "heardSecondsAgo"
         FROM sessions WHERE organization_id = $1 AND key_id = $2 AND id = ANY($3::uuid[])`,
      [agent.organizationId, agent.keyId, sessionIds],
    );
  }

  /** Whose project it is; undefined: not there, or not yours. */
  async projectOf(organizationId: string, sessionId: string): Promise<string | undefined> {
    const [row] = await this.unitOfWork.read<{ projectId: string }>(
      organizationId,
      'SELECT project_id AS "projectId" FROM sessions WHERE organization_id = $1 AND id = $2',
      [organizationId, sessionId],
    );
    return row?.projectId;
  }

  /** The process that a session of this key is a part of, and whether somebody stopped it. */
  async processOf(
    tx: Tx,
    agent: AgentPrincipal,
    sessionId: string,
  ): Promise<{ id: string; killed: boolean } | undefined> {
    const [row] = await tx.query<{ id: string; killed: boolean }>(
      `SELECT coalesce(s.process_id, s.id) AS id, EXISTS (
                SELECT 1 FROM sessions k
                 WHERE k.organization_id = $1 AND k.killed_by IS NOT NULL
                   AND (k.id = coalesce(s.process_id, s.id) OR k.process_id = coalesce(s.process_id, s.id))) AS killed
         FROM sessions s
        WHERE s.organization_id = $1 AND s.id = $2 AND s.key_id = $3 AND s.project_id = $4`,
      [agent.organizationId, sessionId, agent.keyId, agent.projectId],
    );
    return row;
  }

  /** With what its process replaced it by, and what that one replaces. @returns those that this call stopped */
  async kill(tx: Tx, organizationId: string, sessionId: string, by: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `UPDATE sessions SET ended_at = now(), killed_by = $3
        WHERE organization_id = $1 AND ended_at IS NULL AND id IN (
          SELECT p.id FROM sessions s
            JOIN sessions p ON p.organization_id = s.organization_id
             AND (p.id = coalesce(s.process_id, s.id) OR p.process_id = coalesce(s.process_id, s.id))
           WHERE s.organization_id = $1 AND s.id = $2)
        RETURNING id`,
      [organizationId, sessionId, by],
    );
    return rows.map(({ id }) => id);
  }

  private async update(change: string, agent: AgentPrincipal, sessionId: string): Promise<boolean> {
    const rows = await this.unitOfWork.run(agent.organizationId, (tx) =>
      tx.query(
        `UPDATE sessions SET ${change}
          WHERE organization_id = $1 AND id = $2 AND key_id = $3
          RETURNING id`,
        [agent.organizationId, sessionId, agent.keyId],
      ),
    );
    return rows.length > 0;
  }
}
