import type { RunContext } from '../context/run-context.js';
import type { Emit } from '../core/events.js';
import { BudgetExceededError, RequestNotBoundedError } from '../errors/catalogue.js';
import { findIronCageError, type IronCageError } from '../errors/iron-cage-error.js';
import type { Clock } from '../identity/clock.js';
import { availableOf } from '../leases/budget-latch.js';
import type { LeaseBook } from '../leases/lease-book.js';
import type { Hold } from '../leases/lease.js';
import { maxNano, minNano, type NanoUsd } from '../money/money.js';
import type { Endpoint, JsonObject } from '../providers/call-plan.js';
import type { MeteredCall } from './metered-call.js';
import { observable } from './observable.js';

/** A smaller output is not worth a call. */
const USEFUL_OUTPUT_TOKENS = 256;
/** Those of the program, of the lease, of the server. */
const LIMITS_MAX = 3;

export interface ReservationPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly book: LeaseBook;
  readonly context: RunContext;
  readonly options: {
    readonly clampOutput: boolean;
    readonly budgetWaitMs: number;
  };
  /** Whether what does not fit is only told. */
  readonly observes: () => boolean;
}

/** Sets money aside for calls, out of the leases and of the limits of the program around them. */
export class Reservations {
  readonly #ports: ReservationPorts;

  constructor(ports: ReservationPorts) {
    this.#ports = ports;
  }

  /**
   * Sets the worst case aside. When the budget is too small for it, the output is limited; when it
   * is too small for that because other calls of this process hold it, their end is awaited.
   * @throws BudgetExceededError and what else stops a call
   */
  async reserve(
    call: MeteredCall,
    endpoint: Endpoint,
    body: JsonObject,
  ): Promise<{ hold: Hold; clamped: boolean }> {
    const { book, clock, context, observes, options } = this.#ports;
    const giveUpMs = clock.monotonicMs() + options.budgetWaitMs;
    const fullOutput = call.outputTokensPerChoice;
    call.tags = context.tags;
    if (observes()) return { hold: await this.#observe(call), clamped: false };
    const atOnce = this.#reserveAtOnce(call);
    if (atOnce !== undefined) return { hold: atOnce, clamped: false };
    // Nothing is refused for want of what other calls hold only until they are counted.
    for (const { holds } of book.leases) for (const hold of holds) book.count(hold);
    for (;;) {
      call.limitOutput(fullOutput);
      const refusal = await this.#tryReserve(call);
      if (!(refusal instanceof BudgetExceededError)) return { hold: refusal, clamped: false };
      const clamped = await this.#reserveLess(call, refusal);
      if (!(clamped instanceof BudgetExceededError)) {
        this.#writeLimit(call, endpoint, body, call.outputTokensPerChoice);
        return { hold: clamped, clamped: true };
      }
      call.limitOutput(fullOutput);
      if (this.#affordable(call, this.#laterNano(clamped)) < 0) throw refusal;
      const holder = isOfRun(clamped) ? context : book;
      if (!(await holder.nextCompletion(giveUpMs - clock.monotonicMs()))) throw refusal;
    }
  }

  /**
   * Writes a maximum into a request whose model has none that is known.
   * @throws RequestNotBoundedError when that was switched off
   */
  limit(call: MeteredCall, endpoint: Endpoint, body: JsonObject): boolean {
    if (!this.#ports.options.clampOutput) {
      throw new RequestNotBoundedError(
        `The largest output of ${JSON.stringify(call.model)} is not known: set max_tokens (with Ollama's own API options.num_predict).`,
        { status: 400 },
      );
    }
    this.#writeLimit(call, endpoint, body, call.outputTokensPerChoice);
    return true;
  }

  /**
   * Where money is plenty a call need not wait until its input is counted: that is done while the
   * provider answers, and until then more is set aside. Otherwise every call is counted first.
   */
  #reserveAtOnce(call: MeteredCall): Hold | undefined {
    const { book, context } = this.#ports;
    if (call.isUncounted && !context.isLimited) {
      const hold = book.tryHold(call.worstNano, call);
      if (hold !== undefined) return hold;
    }
    call.countInput();
    return undefined;
  }

  /** With a smaller output. Each limit in turn may tell how much it takes. */
  async #reserveLess(
    call: MeteredCall,
    refusal: BudgetExceededError,
  ): Promise<Hold | BudgetExceededError> {
    let last = refusal;
    for (let attempt = 0; attempt < LIMITS_MAX && this.#ports.options.clampOutput; attempt += 1) {
      const affordable = this.#affordable(call, this.#leftNano(last));
      if (affordable <= 0) break;
      call.limitOutput(affordable);
      const outcome = await this.#tryReserve(call);
      if (!(outcome instanceof BudgetExceededError)) return outcome;
      last = outcome;
    }
    return last;
  }

  async #tryReserve(call: MeteredCall): Promise<Hold | BudgetExceededError> {
    try {
      return await this.#hold(call);
    } catch (error) {
      const refusal = findIronCageError(error);
      if (refusal instanceof BudgetExceededError) return refusal;
      throw error;
    }
  }

  async #hold(call: MeteredCall): Promise<Hold> {
    const { book, context } = this.#ports;
    const worstNano = call.worstNano;
    const claim = context.claim(worstNano);
    try {
      call.claim = claim;
      return book.tryHold(worstNano, call) ?? (await book.hold(worstNano, call));
    } catch (error) {
      claim.release();
      throw error;
    }
  }

  /** A dry run lets the call go, and books it on a lease that does not hold the money for it. */
  async #observe(call: MeteredCall): Promise<Hold> {
    const { book, context, emit } = this.#ports;
    let refusal: IronCageError | undefined;
    try {
      return await this.#hold(call);
    } catch (error) {
      refusal = findIronCageError(error);
      if (refusal === undefined || !observable(refusal)) throw error;
    }
    const hold = book.tryHold(0n, call) ?? (await book.hold(1n, call).catch(() => undefined));
    if (hold === undefined) throw refusal;
    call.claim = context.take(0n);
    const { provider, model } = call;
    emit('observed', { error: refusal, provider, model });
    return hold;
  }

  /** What a call may cost now. */
  #leftNano(refusal: BudgetExceededError): NanoUsd {
    const { book, context } = this.#ports;
    const told = availableOf(refusal) ?? 0n;
    if (isOfRun(refusal)) return told;
    const atHandNano = book.leases.map(({ availableNano }) => availableNano);
    return within(context.availableNano, maxNano(told, ...atHandNano));
  }

  /** What a call may cost when those in flight have ended and cost nothing. */
  #laterNano(refusal: BudgetExceededError): NanoUsd {
    const { book, context } = this.#ports;
    const inRun = context.reclaimableNano;
    if (isOfRun(refusal)) return inRun ?? 0n;
    return within(inRun, (availableOf(refusal) ?? 0n) + book.reclaimableNano);
  }

  /** Output tokens per choice that an amount pays for; -1 when too few to be useful. */
  #affordable(call: MeteredCall, amountNano: bigint): number {
    const tokens = Math.min(call.affordablePerChoice(amountNano), call.outputTokensPerChoice);
    const { smallestOutput, requestedOutput, hasOutput } = call.plan;
    const wanted = requestedOutput ?? USEFUL_OUTPUT_TOKENS;
    const useful = this.#ports.options.clampOutput
      ? Math.max(smallestOutput, Math.min(wanted, USEFUL_OUTPUT_TOKENS))
      : call.outputTokensPerChoice;
    return tokens >= (hasOutput ? useful : 0) ? tokens : -1;
  }

  #writeLimit(call: MeteredCall, endpoint: Endpoint, body: JsonObject, tokens: number): void {
    const { provider, model } = call;
    endpoint.limitOutput(body, tokens, provider);
    this.#ports.emit('clamped', { provider, model, outputTokens: tokens });
  }
}

function within(limitNano: NanoUsd | undefined, amountNano: NanoUsd): NanoUsd {
  return limitNano === undefined ? amountNano : minNano(amountNano, limitNano);
}

function isOfRun(refusal: BudgetExceededError): boolean {
  return refusal.details['scope'] === 'run';
}
