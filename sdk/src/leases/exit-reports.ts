import type { Clock } from '../identity/clock.js';
import type { WireSettlement } from '../wire/protocol.js';
import type { JournalFile } from './journal-file.js';
import type { LeaseBook } from './lease-book.js';
import type { Lease } from './lease.js';

/** The reports that end one lease, in order. */
export interface ExitReport {
  readonly leaseId: string;
  readonly bodies: readonly WireSettlement[];
}

/**
 * Closes the books at once, without waiting: calls in flight are charged at their upper bound,
 * and all reports that end the leases are made.
 */
export function exitReports(
  book: LeaseBook,
  clock: Clock,
  journal: JournalFile | undefined,
): ExitReport[] {
  book.reporter.stop();
  return book.leases
    .filter(({ phase }) => phase !== 'ended')
    .map((lease) => ({ leaseId: lease.id, bodies: lastBodies(book, lease, clock, journal) }));
}

function lastBodies(
  book: LeaseBook,
  lease: Lease,
  clock: Clock,
  journal: JournalFile | undefined,
): WireSettlement[] {
  const bodies: WireSettlement[] = [];
  const nowMs = clock.monotonicMs();
  if (lease.plan !== undefined) {
    bodies.push(lease.plan.body);
    lease.confirmPlan(nowMs);
  }
  lease.chargeInFlight((hold) => book.inFlightRecord(hold));
  while (lease.phase !== 'ended') {
    const { body } = lease.planReport(true);
    if (bodies.length === 0) journal?.append({ t: 'plan', lease: lease.id, body });
    bodies.push(body);
    lease.confirmPlan(nowMs);
  }
  return bodies;
}
