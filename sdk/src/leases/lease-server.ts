import { ServerError } from '../errors/catalogue.js';
import type { WireLease, WireLeaseRequest, WireSettled, WireSettlement } from '../wire/protocol.js';
import type { Transport } from '../wire/transport.js';

const LEASE_TIMEOUT_MS = 5_000;
const SETTLE_TIMEOUT_MS = 8_000;

/** The part of the protocol that moves money. */
export interface LeaseServer {
  acquire(sessionId: string, request: WireLeaseRequest): Promise<WireLease>;
  settle(leaseId: string, body: WireSettlement): Promise<WireSettled>;
}

export function leasePath(leaseId: string): string {
  return `v1/sdk/leases/${leaseId}/settlements`;
}

export function leaseServer(transport: Transport): LeaseServer {
  return {
    async acquire(sessionId, request) {
      const body = { ...request, sessionId };
      const answer = await transport.call('POST', 'v1/sdk/leases', body, {
        timeoutMs: LEASE_TIMEOUT_MS,
        sessionId,
      });
      return checkLease(answer);
    },
    async settle(leaseId, body) {
      const answer = await transport.call('POST', leasePath(leaseId), body, {
        timeoutMs: SETTLE_TIMEOUT_MS,
        sessionId: body.sessionId,
      });
      const settled = answer as WireSettled;
      if (settled.next?.granted === true) checkLease(settled.next);
      return settled;
    },
  };
}

function checkLease(answer: unknown): WireLease {
  const lease = answer as Partial<WireLease> | undefined;
  if (
    typeof lease?.leaseId !== 'string' ||
    typeof lease.amount !== 'string' ||
    typeof lease.ttlSeconds !== 'number'
  ) {
    throw new ServerError('The server granted something that is not a lease.', { status: 502 });
  }
  return { leaseId: lease.leaseId, amount: lease.amount, ttlSeconds: lease.ttlSeconds };
}
