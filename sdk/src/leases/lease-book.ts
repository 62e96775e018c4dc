import type { Emit } from '../core/events.js';
import { BudgetExceededError, type LeaseUnavailableError } from '../errors/catalogue.js';
import type { Clock } from '../identity/clock.js';
import { uuidV7 } from '../identity/uuid.js';
import { formatUsd, maxNano, type NanoUsd } from '../money/money.js';
import type { WireLeaseRequest, WireUsageRecord } from '../wire/protocol.js';
import { errorOfNext } from '../wire/refusals.js';
import { UnreachableError } from '../wire/unreachable.js';
import { BudgetLatch } from './budget-latch.js';
import { BurnRate } from './burn-rate.js';
import { Completions } from './completions.js';
import type { JournalFile } from './journal-file.js';
import type { HeldCall, Hold, Lease } from './lease.js';
import type { LeaseServer } from './lease-server.js';
import { leaseUnavailable } from './lease-unavailable.js';
import { type CallResult, usageRecord } from './usage-record.js';
import { grantedLease, Reporter, type ReportResult } from './reporter.js';
import { VelocityLatch } from './velocity-latch.js';

const ATTEMPTS_MAX = 64;
const BACKOFF_FIRST_MS = 200;
/** After a refused prefetch the next one waits: the hot path still asks when it must. */
const PREFETCH_PAUSE_MS = 5_000;
const SMALLEST_NANO = 1n;

export type { CallResult };

export interface LeaseBookPorts {
  readonly server: LeaseServer;
  readonly clock: Clock;
  readonly journal: JournalFile | undefined;
  readonly emit: Emit;
  /** The session that new leases belong to, and its tranche. */
  readonly session: () => { readonly id: string; readonly trancheNano: NanoUsd };
  /** Throws when nothing may leave: paused, revoked, closed. */
  readonly guard: () => void;
  /** A refusal that concerns more than one call (paused, revoked, session ended). */
  readonly onRefusal: (error: unknown) => void;
  readonly leaseWaitMs: number;
}

interface UnansweredRequest {
  readonly request: WireLeaseRequest;
  readonly sessionId: string;
  /** When it was sent first: the lease's time counts from then. */
  readonly sentAtMs: number;
}

/** Borrows money ahead of need, hands it out to calls, and reports what was used. */
export class LeaseBook {
  readonly latch = new BudgetLatch();
  readonly #velocity = new VelocityLatch();
  readonly reporter: Reporter;
  readonly #ports: LeaseBookPorts;
  #leases: Lease[] = [];
  #growing: Promise<void> | undefined;
  #unanswered: UnansweredRequest | undefined;
  #prefetchNotBeforeMs = 0;
  #spentNano: NanoUsd = 0n;
  readonly #completions: Completions;
  readonly #burn: BurnRate;

  constructor(ports: LeaseBookPorts) {
    this.#ports = ports;
    this.#completions = new Completions(ports.clock);
    this.#burn = new BurnRate(ports.clock.monotonicMs());
    this.reporter = new Reporter({
      ...ports,
      onLateAnswer: (lease, result) => {
        this.#afterReport(lease, result);
      },
    });
  }

  get leases(): readonly Lease[] {
    return this.#leases;
  }

  /** Nano-dollars that this process has used since it started. */
  get spentNano(): NanoUsd {
    return this.#spentNano;
  }

  /** What the leases at hand hold and have left: it comes back when their calls have ended. */
  get reclaimableNano(): NanoUsd {
    return this.#leases.reduce((sum, one) => sum + one.heldNano + one.availableNano, 0n);
  }

  /** Draws from the leases at hand in one synchronous step; undefined when none has enough. */
  tryHold(amountNano: NanoUsd, call: HeldCall): Hold | undefined {
    const { clock, journal } = this.#ports;
    const nowMs = clock.monotonicMs();
    for (const lease of this.#leases) {
      const hold = lease.draw(uuidV7(clock.wallMs()), amountNano, call, nowMs);
      if (hold === undefined) continue;
      journal?.append({ t: 'hold', lease: lease.id, usage: this.inFlightRecord(hold) });
      return hold;
    }
    return undefined;
  }

  /**
   * Draws, and borrows first when that is needed.
   * @throws BudgetExceededError, ProjectPausedError, KeyRevokedError or LeaseUnavailableError
   */
  async hold(amountNano: NanoUsd, call: HeldCall): Promise<Hold> {
    const { clock, guard, leaseWaitMs } = this.#ports;
    const giveUpMs = clock.monotonicMs() + leaseWaitMs;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      guard();
      const hold = this.tryHold(amountNano, call);
      if (hold !== undefined) return hold;
      this.#velocity.check(clock.monotonicMs());
      this.latch.check(amountNano, clock.monotonicMs());
      try {
        await this.#grow(amountNano);
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        const delayMs = Math.max(error.retryAfterMs ?? 0, BACKOFF_FIRST_MS * 2 ** attempt);
        if (clock.monotonicMs() + delayMs > giveUpMs) throw this.#unavailable(amountNano, error);
        await new Promise<void>((resolve) => clock.schedule(delayMs, resolve));
      }
      if (clock.monotonicMs() > giveUpMs) break;
    }
    throw this.#unavailable(amountNano, undefined);
  }

  /** Counts the input of a call that was let go before that, and frees what it does not need. */
  count(hold: Hold): void {
    const { call, lease } = hold;
    if (call.isUncounted !== true || !lease.holdsFor(hold)) return;
    call.countInput?.();
    if (call.worstNano === undefined || !lease.lower(hold, call.worstNano)) return;
    this.#ports.journal?.append({ t: 'hold', lease: lease.id, usage: this.inFlightRecord(hold) });
  }

  /** Replaces a hold by what the call really used. Only the first result of a hold counts. */
  complete(hold: Hold, result: CallResult): void {
    const { journal, emit } = this.#ports;
    const record = usageRecord(hold, result, this.#ports.clock);
    if (!hold.lease.charge(hold, result.costNano, record)) return;
    this.#spentNano += result.costNano;
    hold.call.claim?.settle(result.costNano);
    this.#burn.add(result.costNano, this.#ports.clock.monotonicMs());
    journal?.append({ t: 'usage', lease: hold.lease.id, usage: record });
    const { cost: costUsd, pricesVersion: _version, ...told } = record;
    emit('usage', { ...told, operation: hold.call.operation, costUsd });
    this.#afterCall(hold.lease);
    // What this call held counts again.
    if (this.#completions.tell()) this.latch.clear();
  }

  /**
   * Waits until a call of this process has ended and freed what it held.
   * @returns false when none is in flight, or after `timeoutMs`
   */
  async nextCompletion(timeoutMs: number): Promise<boolean> {
    if (timeoutMs <= 0 || this.#leases.every(({ isIdle }) => isIdle)) return false;
    return this.#completions.next(timeoutMs);
  }

  /** The record of a call whose end nobody will see: its upper bound. */
  inFlightRecord(hold: Hold): WireUsageRecord {
    return usageRecord(
      hold,
      { outcome: 'aborted', estimated: true, ...hold.call.estimate() },
      this.#ports.clock,
    );
  }

  /** Borrows a lease in the background, so that the next call need not wait. */
  prefetch(): void {
    if (this.#growing !== undefined) return;
    if (this.#ports.clock.monotonicMs() < this.#prefetchNotBeforeMs) return;
    void this.#startGrowing(() => this.#acquire(SMALLEST_NANO)).catch(() => {
      this.#prefetchNotBeforeMs = this.#ports.clock.monotonicMs() + PREFETCH_PAUSE_MS;
    });
  }

  /** Resolves when nothing is being borrowed: a lease that comes after the last reports is given back by nobody. */
  async quiet(): Promise<void> {
    while (this.#growing !== undefined) await this.#growing.catch(() => undefined);
  }

  /** Reports and ends a lease in the background as soon as its calls have finished. */
  retire(lease: Lease): void {
    if (lease.phase === 'open') lease.phase = 'retiring';
    if (lease.phase !== 'retiring' || !lease.isIdle) return;
    void this.settle(lease, true);
  }

  /** Reports and, when `next` is asked for, renews a lease in one exchange. */
  async settle(lease: Lease, final: boolean, renewNano?: NanoUsd): Promise<ReportResult> {
    if (this.reporter.isReporting(lease)) return this.reporter.report(lease, false);
    const next = renewNano === undefined ? undefined : this.#request(renewNano);
    if (final && lease.phase === 'open') lease.phase = 'renewing';
    const result = await this.reporter.report(lease, final, next);
    this.#afterReport(lease, result);
    return result;
  }

  /** One borrower at a time; the others wait for it and look again. */
  async #grow(amountNano: NanoUsd): Promise<void> {
    if (this.#growing === undefined) return this.#startGrowing(() => this.#obtain(amountNano));
    await this.#growing.catch(() => undefined);
  }

  #startGrowing(borrow: () => Promise<void>): Promise<void> {
    this.#growing = borrow()
      .catch((error: unknown) => {
        this.#velocity.see(error, this.#ports.clock.monotonicMs());
        this.#ports.onRefusal(error);
        throw error;
      })
      .finally(() => {
        this.#growing = undefined;
      });
    return this.#growing;
  }

  /** Renews an idle lease (its rest counts for the new one), else borrows one more. */
  async #obtain(amountNano: NanoUsd): Promise<void> {
    try {
      const idle = this.#leases.find((lease) => lease.phase === 'open' && lease.isIdle);
      if (idle?.sessionId !== this.#ports.session().id) {
        await this.#acquire(amountNano);
      } else {
        await this.#renew(idle, amountNano);
      }
    } catch (error) {
      if (!(error instanceof BudgetExceededError)) throw error;
      if (await this.#returnIdleLeases()) return this.#acquire(amountNano);
      this.latch.set(error, amountNano, this.#ports.clock.monotonicMs());
      throw error;
    }
  }

  async #renew(lease: Lease, amountNano: NanoUsd): Promise<void> {
    const result = await this.settle(lease, true, amountNano);
    if (result.kind === 'answered' && result.next?.granted === false) {
      throw errorOfNext(result.next.error);
    }
    if (result.kind === 'in-doubt' || result.kind === 'withdrawn') {
      throw new UnreachableError('The Iron Cage server does not answer.', true);
    }
  }

  /** A request whose answer was lost is repeated as it was: the server answers it only once. */
  async #acquire(amountNano: NanoUsd): Promise<void> {
    const { server, journal } = this.#ports;
    const asked = this.#unanswered ?? this.#newRequest(amountNano);
    const { request, sessionId, sentAtMs } = asked;
    try {
      const answer = await server.acquire(sessionId, request);
      this.#unanswered = undefined;
      this.#add(grantedLease(answer, sessionId, sentAtMs), request.minimum);
    } catch (error) {
      const isLost = error instanceof UnreachableError && error.mayHaveArrived;
      this.#unanswered = isLost ? asked : undefined;
      if (!isLost) journal?.append({ t: 'end', lease: request.leaseId });
      throw error;
    }
  }

  #newRequest(amountNano: NanoUsd): UnansweredRequest {
    const request = this.#request(amountNano);
    const sessionId = this.#ports.session().id;
    this.#ports.journal?.append({ t: 'lease', lease: request.leaseId, session: sessionId });
    return { request, sessionId, sentAtMs: this.#ports.clock.monotonicMs() };
  }

  /** @returns true when something was returned, so that asking again makes sense */
  async #returnIdleLeases(): Promise<boolean> {
    const idle = this.#leases.filter(
      (lease) => lease.phase === 'open' && lease.isIdle && lease.availableNano > 0n,
    );
    const results = await Promise.all(idle.map((lease) => this.settle(lease, true)));
    return results.some(({ kind }) => kind === 'answered');
  }

  #afterCall(lease: Lease): void {
    if (lease.phase === 'retiring') this.retire(lease);
    if (lease.phase !== 'open') return;
    const nowMs = this.#ports.clock.monotonicMs();
    const hasOther = this.#leases.some(
      (other) => other !== lease && other.isDrawable(nowMs) && other.availableNano > 0n,
    );
    const isLow = lease.availableNano * 10n < lease.amountNano;
    if (isLow && lease.isIdle && hasOther) this.retire(lease);
    else if (isLow && lease.isIdle && this.#growing === undefined) this.renewLater(lease);
    else if (!hasOther && lease.spentNano * 2n >= lease.amountNano) this.prefetch();
  }

  /** Reports an idle lease and gets a fresh one in the same exchange, in the background. */
  renewLater(lease: Lease): void {
    void this.#startGrowing(() => this.#renew(lease, SMALLEST_NANO)).catch(() => {
      this.#prefetchNotBeforeMs = this.#ports.clock.monotonicMs() + PREFETCH_PAUSE_MS;
    });
  }

  #afterReport(lease: Lease, result: ReportResult): void {
    switch (result.kind) {
      case 'in-doubt':
        this.reporter.retryLater(lease);
        return;
      case 'withdrawn':
        if (lease.phase === 'renewing') lease.phase = 'open';
        return;
      case 'refused':
        this.#remove(lease);
        return;
      case 'answered':
        if (lease.phase === 'ended') this.#remove(lease);
        else if (lease.phase === 'renewing') lease.phase = 'open';
        else this.retire(lease);
        this.#addNext(lease, result);
    }
  }

  #addNext(lease: Lease, { next, sentAtMs }: ReportResult & { kind: 'answered' }): void {
    if (next === undefined) return;
    if (next.granted) {
      const granted = grantedLease(next, lease.sessionId, sentAtMs);
      if (granted !== undefined) this.#add(granted, formatUsd(0n));
      return;
    }
    this.#ports.emit('lease', { action: 'refused', leaseId: lease.id, amountUsd: formatUsd(0n) });
  }

  #remove(lease: Lease): void {
    this.#leases = this.#leases.filter((other) => other !== lease);
  }

  #request(amountNano: NanoUsd): WireLeaseRequest {
    const { clock, session } = this.#ports;
    return {
      leaseId: uuidV7(clock.wallMs()),
      wanted: formatUsd(
        maxNano(this.#burn.tranche(session().trancheNano, clock.monotonicMs()), amountNano),
      ),
      minimum: formatUsd(amountNano),
    };
  }

  #add(lease: Lease | undefined, minimum: string): void {
    if (lease === undefined) {
      throw new BudgetExceededError('Nothing is left in the budget.', {
        details: { available: formatUsd(0n), minimum },
      });
    }
    this.latch.clear();
    this.#leases.push(lease);
    this.#leases.sort((first, second) => first.deadlineMs - second.deadlineMs);
    const amountUsd = formatUsd(lease.amountNano);
    this.#ports.emit('lease', { action: 'granted', leaseId: lease.id, amountUsd });
  }

  #unavailable(amountNano: NanoUsd, cause: unknown): LeaseUnavailableError {
    const leftNano = maxNano(...this.#leases.map((lease) => lease.availableNano));
    return leaseUnavailable(amountNano, leftNano, cause);
  }
}
