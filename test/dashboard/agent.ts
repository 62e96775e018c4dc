import { newId } from '../../src/kernel/ids.js';
import { type Installation, usage } from '../harness/installation.js';

export interface AgentLease {
  readonly leaseId: string;
  readonly sessionId: string;
}

/** What an SDK does at its start: a session, and a first tranche. */
export async function openLease(
  installation: Installation,
  key: string,
  sessionId?: string,
): Promise<AgentLease> {
  const session = sessionId ?? (await installation.session(key));
  const leaseId = newId();
  const { status, body } = await installation.as(key, 'POST', '/v1/sdk/leases', {
    leaseId,
    sessionId: session,
    wanted: '0.5',
    minimum: '0',
  });
  if (status !== 201) throw new Error(`lease: ${status} ${JSON.stringify(body)}`);
  return { leaseId, sessionId: session };
}

/** Reports one call and gives the rest back. */
export async function settle(
  installation: Installation,
  key: string,
  lease: AgentLease,
  tokens: { input?: number; output?: number },
): Promise<void> {
  const path = `/v1/sdk/leases/${lease.leaseId}/settlements`;
  const { status, body } = await installation.as(key, 'POST', path, {
    sessionId: lease.sessionId,
    seq: 1,
    usage: [usage(tokens)],
    final: true,
  });
  if (status !== 200) throw new Error(`settle: ${status} ${JSON.stringify(body)}`);
}
