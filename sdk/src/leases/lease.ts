import type { Operation } from '../core/events.js';
import { formatUsd, type NanoUsd } from '../money/money.js';
import type { TokenUsage } from '../prices/usage.js';
import type { WireLeaseRequest, WireSettlement, WireUsageRecord } from '../wire/protocol.js';

/** The protocol's limit for one report. */
const RECORDS_MAX = 1_000;

/** What a call in flight may use; it is charged if the process ends before the answer. */
export interface HeldCall {
  readonly provider: string;
  readonly model: string;
  readonly operation: Operation;
  readonly pricesVersion: string;
  readonly startedAtMs: number;
  /** Labels for its usage record. */
  readonly tags?: readonly string[];
  /** Gets to know what the call has cost, once. */
  readonly claim?: { settle(costNano: NanoUsd): void } | undefined;
  /** True while more is set aside than an exact count of its input would need. */
  readonly isUncounted?: boolean;
  /** Counts the input, so that less needs to be set aside. */
  countInput?(): void;
  /** The most that the call can cost. */
  readonly worstNano?: NanoUsd;
  /** Upper bound of what has been used until now. */
  estimate(): Priced;
}

/** What was used, and what it costs. */
export interface Priced {
  readonly tokens: TokenUsage;
  /** How it was served, where that changes its price. */
  readonly modifiers?: readonly string[];
  readonly costNano: NanoUsd;
}

/** The part of a lease that is set aside for one physical request. */
export interface Hold {
  /** Also the id of the usage record that will replace it. */
  readonly id: string;
  readonly lease: Lease;
  amountNano: NanoUsd;
  readonly call: HeldCall;
}

/**
 * - `open`: calls may draw from it
 * - `renewing`: its last report is on its way, nothing may be drawn
 * - `retiring`: nothing new may be drawn; ends when its calls have finished
 * - `ended`: the server knows its end
 */
export type LeasePhase = 'open' | 'renewing' | 'retiring' | 'ended';

/** A report that was made and may have been sent: it is repeated as it is until it is answered. */
export interface PlannedReport {
  readonly body: WireSettlement;
  mayHaveArrived: boolean;
}

/** Money borrowed from the server, drawn from in single synchronous steps. */
export class Lease {
  readonly id: string;
  readonly sessionId: string;
  readonly amountNano: NanoUsd;
  readonly grantedAtMs: number;
  /** On the monotonic clock; nothing may be drawn from then on. */
  readonly deadlineMs: number;
  phase: LeasePhase = 'open';
  plan: PlannedReport | undefined;
  lastReportMs: number;
  #spentNano: NanoUsd = 0n;
  #heldNano: NanoUsd = 0n;
  readonly #holds = new Map<string, Hold>();
  #records: WireUsageRecord[] = [];
  #seq = 0;

  constructor(terms: {
    readonly id: string;
    readonly sessionId: string;
    readonly amountNano: NanoUsd;
    readonly sentAtMs: number;
    readonly ttlSeconds: number;
  }) {
    this.id = terms.id;
    this.sessionId = terms.sessionId;
    this.amountNano = terms.amountNano;
    this.grantedAtMs = terms.sentAtMs;
    this.lastReportMs = terms.sentAtMs;
    this.deadlineMs = terms.sentAtMs + terms.ttlSeconds * 1_000;
  }

  get spentNano(): NanoUsd {
    return this.#spentNano;
  }

  get heldNano(): NanoUsd {
    return this.#heldNano;
  }

  /** What may still be drawn; never negative. */
  get availableNano(): NanoUsd {
    const left = this.amountNano - this.#spentNano - this.#heldNano;
    return left > 0n ? left : 0n;
  }

  get holds(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  get isIdle(): boolean {
    return this.#holds.size === 0;
  }

  get unreported(): number {
    return this.#records.length;
  }

  isDrawable(nowMs: number): boolean {
    return this.phase === 'open' && nowMs < this.deadlineMs;
  }

  /** Sets money aside, or returns undefined when there is not enough. */
  draw(id: string, amountNano: NanoUsd, call: HeldCall, nowMs: number): Hold | undefined {
    if (!this.isDrawable(nowMs) || amountNano > this.availableNano) return undefined;
    const hold: Hold = { id, lease: this, amountNano, call };
    this.#holds.set(id, hold);
    this.#heldNano += amountNano;
    return hold;
  }

  /** True until the call has ended. */
  holdsFor(hold: Hold): boolean {
    return this.#holds.has(hold.id);
  }

  /** Sets less aside for a call. @returns false when it needs as much as it has, or has ended */
  lower(hold: Hold, amountNano: NanoUsd): boolean {
    if (!this.holdsFor(hold) || amountNano >= hold.amountNano) return false;
    this.#heldNano -= hold.amountNano - amountNano;
    hold.amountNano = amountNano;
    return true;
  }

  /** Replaces a hold by what was really used; a second call for the same hold does nothing. */
  charge(hold: Hold, costNano: NanoUsd, record: WireUsageRecord): boolean {
    if (!this.#holds.delete(hold.id)) return false;
    this.#heldNano -= hold.amountNano;
    this.#spentNano += costNano;
    this.#records.push(record);
    return true;
  }

  /** Fixes the next report; until it is answered no other one can be made. */
  planReport(final: boolean, next?: WireLeaseRequest): PlannedReport {
    if (this.plan !== undefined) return this.plan;
    const usage = this.#records.slice(0, RECORDS_MAX);
    const isLast = final && usage.length === this.#records.length;
    this.#records = this.#records.slice(usage.length);
    this.#seq += 1;
    const body: WireSettlement = {
      sessionId: this.sessionId,
      seq: this.#seq,
      usage,
      final: isLast,
      ...(isLast && next !== undefined ? { next } : {}),
    };
    this.plan = { body, mayHaveArrived: false };
    return this.plan;
  }

  /** Takes a report back that certainly never reached the server. */
  withdrawPlan(): void {
    if (this.plan === undefined || this.plan.mayHaveArrived) return;
    this.#records = [...this.plan.body.usage, ...this.#records];
    this.#seq -= 1;
    this.plan = undefined;
  }

  /** The server has answered the planned report. */
  confirmPlan(nowMs: number): void {
    if (this.plan?.body.final === true) this.phase = 'ended';
    this.plan = undefined;
    this.lastReportMs = nowMs;
  }

  /** Charges everything in flight at its upper bound: for the moment when the process ends. */
  chargeInFlight(makeRecord: (hold: Hold) => WireUsageRecord): void {
    for (const hold of this.holds) {
      hold.call.countInput?.();
      this.charge(hold, hold.call.estimate().costNano, makeRecord(hold));
    }
  }

  toJSON(): unknown {
    const { id, phase } = this;
    return { id, phase, available: formatUsd(this.availableNano) };
  }
}
