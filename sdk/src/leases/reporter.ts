import { KeyRevokedError, ProofRefusedError } from '../errors/catalogue.js';
import { findIronCageError } from '../errors/iron-cage-error.js';
import type { Emit } from '../core/events.js';
import type { Cancel, Clock } from '../identity/clock.js';
import { formatUsd, parseUsd } from '../money/money.js';
import type { WireLeaseRequest, WireSettled, WireSettlement } from '../wire/protocol.js';
import { UnreachableError } from '../wire/unreachable.js';
import type { JournalFile } from './journal-file.js';
import { Lease, type PlannedReport } from './lease.js';
import type { LeaseServer } from './lease-server.js';

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 15_000;

/** How a report ended. */
export type ReportResult =
  | { readonly kind: 'answered'; readonly next: WireSettled['next']; readonly sentAtMs: number }
  /** Sent or not, nobody knows: it is repeated in the background. */
  | { readonly kind: 'in-doubt' }
  /** It certainly never reached the server and was taken back. */
  | { readonly kind: 'withdrawn' }
  /** The server will never accept it. */
  | { readonly kind: 'refused' };

export interface ReporterPorts {
  readonly server: LeaseServer;
  readonly clock: Clock;
  readonly journal: JournalFile | undefined;
  readonly emit: Emit;
  /** Hears of refusals that concern every call. */
  readonly onRefusal: (error: unknown) => void;
  /** A report that was in doubt has been answered. */
  readonly onLateAnswer: (lease: Lease, result: ReportResult) => void;
}

/** Delivers the reports of leases, each exactly as planned, until the server has answered. */
export class Reporter {
  readonly #ports: ReporterPorts;
  readonly #inFlight = new Map<Lease, Promise<ReportResult>>();
  readonly #retries = new Map<Lease, Cancel>();

  constructor(ports: ReporterPorts) {
    this.#ports = ports;
  }

  isReporting(lease: Lease): boolean {
    return this.#inFlight.has(lease);
  }

  /** Reports what the lease has used; one report per lease at a time. */
  report(lease: Lease, final: boolean, next?: WireLeaseRequest): Promise<ReportResult> {
    const running = this.#inFlight.get(lease);
    if (running !== undefined) return running;
    if (lease.phase === 'ended') return Promise.resolve({ kind: 'refused' });
    const isNew = lease.plan === undefined;
    const plan = lease.planReport(final, next);
    if (isNew) this.#notePlan(lease, plan.body);
    const delivery = this.#deliver(lease).finally(() => this.#inFlight.delete(lease));
    this.#inFlight.set(lease, delivery);
    return delivery;
  }

  /** Repeats a report until it is answered, less and less often. */
  retryLater(lease: Lease, delayMs = RETRY_FIRST_MS): void {
    if (this.#retries.has(lease) || lease.plan === undefined) return;
    const cancel = this.#ports.clock.schedule(delayMs, () => {
      this.#retries.delete(lease);
      // Somebody else has delivered it meanwhile, or is doing it and takes care of the answer: to take
      // care of it twice would add the lease that it may grant twice.
      if (lease.plan === undefined || this.isReporting(lease)) return;
      void this.report(lease, false).then((result) => {
        if (result.kind !== 'in-doubt') this.#ports.onLateAnswer(lease, result);
        else this.retryLater(lease, Math.min(RETRY_MAX_MS, delayMs * 2));
      });
    });
    this.#retries.set(lease, cancel);
  }

  stop(): void {
    for (const cancel of this.#retries.values()) cancel();
    this.#retries.clear();
  }

  async #deliver(lease: Lease): Promise<ReportResult> {
    const plan = lease.plan;
    if (plan === undefined) return { kind: 'refused' };
    const sentAtMs = this.#ports.clock.monotonicMs();
    try {
      const settled = await this.#ports.server.settle(lease.id, plan.body);
      if (plan.body.next !== undefined && settled.next?.granted !== true) {
        this.#ports.journal?.append({ t: 'end', lease: plan.body.next.leaseId });
      }
      if (lease.plan === plan) this.#confirm(lease, plan.body.seq, plan.body.final);
      return { kind: 'answered', next: settled.next, sentAtMs };
    } catch (error) {
      if (error instanceof KeyRevokedError && plan.body.next !== undefined) {
        return this.#deliverWithoutNext(lease, error);
      }
      return this.#failed(lease, plan, error);
    }
  }

  /** A revoked key borrows nothing more, but what it has used is still accepted. */
  async #deliverWithoutNext(lease: Lease, refusal: KeyRevokedError): Promise<ReportResult> {
    // Had an earlier try been accepted, this one would have got its answer.
    if (lease.plan !== undefined) lease.plan.mayHaveArrived = false;
    this.#takeBack(lease);
    this.#notePlan(lease, lease.planReport(true).body);
    const result = await this.#deliver(lease);
    if (result.kind !== 'answered') return result;
    const { message, details } = refusal;
    return {
      ...result,
      next: { granted: false, error: { code: 'KEY_INVALID', message, details } },
    };
  }

  /** Undoes a report that changed nothing on the server. */
  #takeBack(lease: Lease): void {
    const { journal } = this.#ports;
    const next = lease.plan?.body.next?.leaseId;
    lease.withdrawPlan();
    if (next !== undefined) journal?.append({ t: 'end', lease: next });
    journal?.append({ t: 'undo', lease: lease.id });
  }

  #failed(lease: Lease, plan: PlannedReport, error: unknown): ReportResult {
    const { journal, emit } = this.#ports;
    // The process is ending: what ends it has the report in its hands, and sends it as it is.
    if (lease.plan !== plan) return { kind: 'in-doubt' };
    const isRevoked = error instanceof KeyRevokedError;
    // Another session will prove it, and until there is one nothing is lost.
    if (error instanceof ProofRefusedError) this.#ports.onRefusal(error);
    if (error instanceof UnreachableError || error instanceof ProofRefusedError) {
      plan.mayHaveArrived ||= error instanceof UnreachableError && error.mayHaveArrived;
      if (plan.mayHaveArrived) return { kind: 'in-doubt' };
      this.#takeBack(lease);
      return { kind: 'withdrawn' };
    }
    const known = findIronCageError(error);
    emit('warning', {
      code: 'REPORT_REFUSED',
      message: `The server refused a usage report (${known?.code ?? 'UNKNOWN'}).`,
    });
    lease.phase = 'ended';
    lease.plan = undefined;
    // With a revoked key the report may be accepted later: the journal keeps it.
    if (!isRevoked) journal?.append({ t: 'end', lease: lease.id });
    return { kind: 'refused' };
  }

  #notePlan(lease: Lease, body: WireSettlement): void {
    const { journal } = this.#ports;
    if (body.next !== undefined) {
      journal?.append({ t: 'lease', lease: body.next.leaseId, session: lease.sessionId });
    }
    journal?.append({ t: 'plan', lease: lease.id, body });
  }

  #confirm(lease: Lease, seq: number, final: boolean): void {
    const { clock, journal, emit } = this.#ports;
    lease.confirmPlan(clock.monotonicMs());
    journal?.append(final ? { t: 'end', lease: lease.id } : { t: 'ack', lease: lease.id, seq });
    emit('lease', {
      action: final ? 'ended' : 'reported',
      leaseId: lease.id,
      amountUsd: formatUsd(lease.spentNano),
    });
  }
}

/** The lease that an answer granted; undefined when it granted none. */
export function grantedLease(
  granted: { readonly leaseId: string; readonly amount: string; readonly ttlSeconds: number },
  sessionId: string,
  sentAtMs: number,
): Lease | undefined {
  const amountNano = parseUsd(granted.amount);
  if (amountNano === 0n) return undefined;
  const { leaseId: id, ttlSeconds } = granted;
  return new Lease({ id, sessionId, amountNano, sentAtMs, ttlSeconds });
}
