import { BudgetExceededError, ConfigurationError, RunLimitError } from '../errors/catalogue.js';
import type { Clock } from '../identity/clock.js';
import { displayUsd, formatUsd, type NanoUsd } from '../money/money.js';
import { dollarsOf } from './dollars.js';

/** Limits of one part of a program; what is left out is not limited. */
export interface RunLimits {
  /** Dollars, as a decimal string: `'0.10'`. */
  readonly budget?: string;
  /** Requests to providers, retries included. */
  readonly maxCalls?: number;
  /** Calls that begin later are refused; those in flight may end. */
  readonly maxSeconds?: number;
}

/** What a part of a program may still use; the argument of the function that runs in it. */
export interface RunBudgetView {
  readonly spentUsd: string;
  /** Undefined without a `budget`. */
  readonly remainingUsd: string | undefined;
  readonly calls: number;
}

/** What one call has taken from all limits around it. */
export interface RunClaim {
  /** The call has ended and cost so much. */
  settle(costNano: NanoUsd): void;
  /** The call never began. */
  release(): void;
}

/** A limit of the program itself, inside what the project may spend. */
export class RunBudget implements RunBudgetView {
  readonly #limitNano: NanoUsd | undefined;
  readonly #limits: RunLimits;
  readonly #clock: Clock;
  readonly #endsAtMs: number;
  #spentNano: NanoUsd = 0n;
  #heldNano: NanoUsd = 0n;
  #calls = 0;

  /** @throws ConfigurationError that names the limit that is none */
  constructor(limits: RunLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#limitNano = limits.budget === undefined ? undefined : dollarsOf(limits.budget);
    const { maxCalls, maxSeconds } = limits;
    if (maxCalls !== undefined && !(Number.isInteger(maxCalls) && maxCalls >= 0)) {
      throw new ConfigurationError('maxCalls must be a whole number, 0 or more.');
    }
    if (maxSeconds !== undefined && !(Number.isFinite(maxSeconds) && maxSeconds > 0)) {
      throw new ConfigurationError('maxSeconds must be a number of seconds above 0.');
    }
    this.#endsAtMs = clock.monotonicMs() + (maxSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
  }

  get spentUsd(): string {
    return formatUsd(this.#spentNano);
  }

  get remainingUsd(): string | undefined {
    return this.#limitNano === undefined ? undefined : formatUsd(this.availableNano ?? 0n);
  }

  get calls(): number {
    return this.#calls;
  }

  /** What calls may still set aside; undefined: not limited. */
  get availableNano(): NanoUsd | undefined {
    if (this.#limitNano === undefined) return undefined;
    const left = this.#limitNano - this.#spentNano - this.#heldNano;
    return left > 0n ? left : 0n;
  }

  get heldNano(): NanoUsd {
    return this.#heldNano;
  }

  /** @throws BudgetExceededError or RunLimitError when a call that may cost so much does not fit */
  check(neededNano: NanoUsd): void {
    const { maxCalls, maxSeconds } = this.#limits;
    if (maxCalls !== undefined && this.#calls >= maxCalls) {
      throw new RunLimitError(
        `This run has made its ${maxCalls.toString()} calls; start a new one, or raise maxCalls.`,
        { details: { limit: 'maxCalls', maxCalls, calls: this.#calls } },
      );
    }
    if (this.#clock.monotonicMs() > this.#endsAtMs) {
      throw new RunLimitError(
        `This run has lasted for more than ${String(maxSeconds)} seconds; start a new one, or ` +
          'raise maxSeconds.',
        { details: { limit: 'maxSeconds', maxSeconds } },
      );
    }
    const available = this.availableNano;
    if (available !== undefined && neededNano > available) throw this.#refusal(neededNano);
  }

  /** Takes, without checking. @returns how to give it back */
  take(amountNano: NanoUsd): RunClaim {
    this.#heldNano += amountNano;
    this.#calls += 1;
    let open = true;
    const close = (costNano: NanoUsd, calls: number): void => {
      if (!open) return;
      open = false;
      this.#heldNano -= amountNano;
      this.#spentNano += costNano;
      this.#calls += calls;
    };
    return {
      settle: (costNano) => {
        close(costNano, 0);
      },
      release: () => {
        close(0n, -1);
      },
    };
  }

  #refusal(neededNano: NanoUsd): BudgetExceededError {
    const limit = this.#limitNano ?? 0n;
    const available = this.availableNano ?? 0n;
    const inFlight =
      this.#heldNano === 0n
        ? ''
        : ` (${displayUsd(this.#heldNano)} is set aside for calls in flight)`;
    return new BudgetExceededError(
      `The call needs up to ${displayUsd(neededNano)}; ${displayUsd(available)} is left of the ` +
        `${displayUsd(limit)} of this run${inFlight}. Ask for less output (max_tokens), or give ` +
        'withBudget() more.',
      {
        details: {
          scope: 'run',
          limit: formatUsd(limit),
          spent: formatUsd(this.#spentNano),
          leased: formatUsd(this.#heldNano),
          available: formatUsd(available),
          minimum: formatUsd(neededNano),
          nextResetAt: null,
        },
      },
    );
  }
}
