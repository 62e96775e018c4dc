import { Inject, Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { actorOf, type AgentPrincipal } from '../kernel/principal.js';
import { type Tx, UnitOfWork } from '../platform/database/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import type { FailedSecret, OpenedSecret } from './delivery.service.js';

/** Keeps what deliveries have against single secrets: in the audit trail each time, and with the secret until it can be given again. */
@Injectable()
export class SecretFailures {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param all that were to be delivered, `failed` among them */
  async note(
    agent: AgentPrincipal,
    sessionId: string | undefined,
    failed: readonly FailedSecret[],
    all: readonly (OpenedSecret | FailedSecret)[],
  ): Promise<void> {
    const bad = new Set(failed.map(({ id }) => id));
    const well = all.filter(({ id, hadProblem }) => hadProblem && !bad.has(id));
    if (failed.length === 0 && well.length === 0) return;
    const { organizationId } = agent;
    for (const { id: secretId, failure } of failed) {
      this.logger.warn({ err: failure, organizationId, secretId }, 'a secret cannot be delivered');
    }
    await this.unitOfWork.run(organizationId, async (tx) => {
      await this.audit.recordAll(
        tx,
        failed.map(({ id, version, failure }) => ({
          organizationId,
          actor: actorOf(agent),
          action: 'secret.unreadable',
          target: `secret:${id}`,
          details: { code: failure.code, version, ...(sessionId !== undefined && { sessionId }) },
        })),
      );
      await mark(tx, organizationId, failed, well);
    });
  }
}

/** Who delivers at the same time finds the same: rows are taken in the order of their ids, and one that says so already is left alone. */
async function mark(
  tx: Tx,
  organizationId: string,
  failed: readonly FailedSecret[],
  well: readonly { readonly id: string }[],
): Promise<void> {
  const marks = [
    ...failed.map(({ id, failure }) => ({ id, code: failure.code })),
    ...well.map(({ id }) => ({ id, code: null })),
  ];
  const ids = marks.map(({ id }) => id);
  await tx.query(
    'SELECT 1 FROM provider_secrets WHERE organization_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE',
    [organizationId, ids],
  );
  await tx.query(
    `UPDATE provider_secrets s
        SET problem_code = m.code, problem_since = CASE WHEN m.code IS NOT NULL THEN coalesce(s.problem_since, now()) END
       FROM unnest($2::uuid[], $3::text[]) AS m (id, code)
      WHERE s.organization_id = $1 AND s.id = m.id AND s.problem_code IS DISTINCT FROM m.code`,
    [organizationId, ids, marks.map(({ code }) => code)],
  );
}
