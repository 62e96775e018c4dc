import { BudgetExceededError } from '../errors/catalogue.js';
import { budgetSentence } from '../errors/limit-sentences.js';
import { parseUsd, type NanoUsd } from '../money/money.js';

/** An agent that loops over a refusal asks the server at most this often. */
const LATCH_MS = 2_000;

/** Remembers a refusal for a moment, so that a looping agent does not hammer the server. */
export class BudgetLatch {
  #refusal: BudgetExceededError | undefined;
  #neededNano: NanoUsd = 0n;
  #availableNano: NanoUsd = 0n;
  #untilMs = 0;

  set(refusal: BudgetExceededError, neededNano: NanoUsd, nowMs: number): void {
    this.#refusal = refusal;
    this.#neededNano = neededNano;
    this.#availableNano = availableOf(refusal) ?? 0n;
    this.#untilMs = nowMs + LATCH_MS;
  }

  clear(): void {
    this.#refusal = undefined;
  }

  /** The server told a new balance: more than at the refusal opens the latch. */
  see(availableNano: NanoUsd): void {
    if (this.#refusal !== undefined && availableNano > this.#availableNano) this.clear();
  }

  /** What may be leased according to the last refusal; undefined when it is too old. */
  availableNano(nowMs: number): NanoUsd | undefined {
    return this.#refusal !== undefined && nowMs < this.#untilMs ? this.#availableNano : undefined;
  }

  /** @throws BudgetExceededError when the server refused as little only a moment ago */
  check(neededNano: NanoUsd, nowMs: number): void {
    const refusal = this.#refusal;
    if (refusal === undefined || nowMs >= this.#untilMs || neededNano <= this.#availableNano)
      return;
    throw new BudgetExceededError(
      neededNano === this.#neededNano
        ? refusal.message
        : budgetSentence(refusal.details, neededNano),
      {
        status: refusal.status,
        details: refusal.details,
        ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
      },
    );
  }
}

/** What the server said is still available in the scope that refused. */
export function availableOf(refusal: BudgetExceededError): NanoUsd | undefined {
  const text = refusal.details['available'];
  try {
    return typeof text === 'string' ? parseUsd(text) : undefined;
  } catch {
    return undefined;
  }
}
