import { AsyncLocalStorage } from 'node:async_hooks';

import { ConfigurationError } from '../errors/catalogue.js';
import type { Clock } from '../identity/clock.js';
import { Completions } from '../leases/completions.js';
import type { NanoUsd } from '../money/money.js';
import { RunBudget, type RunBudgetView, type RunClaim, type RunLimits } from './run-budget.js';

/** For whom and for what calls are made: shown with the usage, and usable in budgets by tag. */
export interface RunAttribution {
  /** Free labels, such as `nightly`. */
  readonly tags?: readonly string[];
  /** One piece of work: becomes the tag `run:<run>`. */
  readonly run?: string;
  /** The person or customer it is done for: becomes the tag `member:<member>`. */
  readonly member?: string;
  /** The agent or step that works: becomes the tag `agent:<agent>`. */
  readonly agent?: string;
}

interface Frame {
  readonly attribution: RunAttribution;
  /** Innermost first. */
  readonly budgets: readonly RunBudget[];
}

const NAMED = ['run', 'member', 'agent'] as const;
const TAGS_MAX = 20;
const TAG_LENGTH_MAX = 200;
const PRINTABLE = /^[^\p{C}]+$/u;
const outermost: Frame = { attribution: {}, budgets: [] };

/** What holds for the calls of one asynchronous path through the program. */
export class RunContext {
  readonly #storage = new AsyncLocalStorage<Frame>();
  readonly #clock: Clock;
  readonly #completions: Completions;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#completions = new Completions(clock);
  }

  /** The tags of a call that is made now. */
  get tags(): readonly string[] {
    return tagsOf(this.#frame.attribution);
  }

  get attribution(): RunAttribution {
    return this.#frame.attribution;
  }

  /** True for a caller inside of `withLimits`. */
  get isLimited(): boolean {
    return this.#frame.budgets.length > 0;
  }

  /** The least that any limit around the caller leaves; undefined: none limits money. */
  get availableNano(): NanoUsd | undefined {
    return this.#least(({ availableNano }) => availableNano);
  }

  /** The same when all calls in flight would cost nothing. */
  get reclaimableNano(): NanoUsd | undefined {
    return this.#least(({ availableNano, heldNano }) =>
      availableNano === undefined ? undefined : availableNano + heldNano,
    );
  }

  /** Runs `task` with more attribution; an inner value replaces an outer one, tags add up. */
  withAttribution<T>(attribution: RunAttribution, task: () => T): T {
    const { attribution: outer, budgets } = this.#frame;
    const tags = [...new Set([...(outer.tags ?? []), ...(attribution.tags ?? [])])];
    const merged: RunAttribution = { ...outer, ...attribution, tags };
    checkTags(tagsOf(merged));
    return this.#storage.run({ attribution: merged, budgets }, task);
  }

  /** Runs `task` within limits of its own and those around it. */
  withLimits<T>(limits: RunLimits, task: (budget: RunBudgetView) => T): T {
    const { attribution, budgets } = this.#frame;
    const budget = new RunBudget(limits, this.#clock);
    const view: RunBudgetView = {
      get spentUsd() {
        return budget.spentUsd;
      },
      get remainingUsd() {
        return budget.remainingUsd;
      },
      get calls() {
        return budget.calls;
      },
    };
    return this.#storage.run({ attribution, budgets: [budget, ...budgets] }, () => task(view));
  }

  /**
   * Takes an amount from every limit around the caller, in one synchronous step: all or none.
   * @throws BudgetExceededError or RunLimitError of the innermost limit that it does not fit
   */
  claim(amountNano: NanoUsd): RunClaim {
    for (const budget of this.#frame.budgets) budget.check(amountNano);
    return this.take(amountNano);
  }

  /** The same without asking whether it fits. */
  take(amountNano: NanoUsd): RunClaim {
    const claims = this.#frame.budgets.map((budget) => budget.take(amountNano));
    return {
      settle: (costNano) => {
        for (const claim of claims) claim.settle(costNano);
        this.#completions.tell();
      },
      release: () => {
        for (const claim of claims) claim.release();
        this.#completions.tell();
      },
    };
  }

  /**
   * Waits until some call inside limits has ended.
   * @returns false when none inside those around the caller is in flight, or after `timeoutMs`
   */
  async nextCompletion(timeoutMs: number): Promise<boolean> {
    const isIdle = this.#frame.budgets.every(({ heldNano }) => heldNano === 0n);
    return timeoutMs > 0 && !isIdle && (await this.#completions.next(timeoutMs));
  }

  get #frame(): Frame {
    return this.#storage.getStore() ?? outermost;
  }

  #least(amountOf: (budget: RunBudget) => NanoUsd | undefined): NanoUsd | undefined {
    return this.#frame.budgets.reduce<NanoUsd | undefined>((least, budget) => {
      const amount = amountOf(budget);
      return amount !== undefined && (least === undefined || amount < least) ? amount : least;
    }, undefined);
  }
}

function tagsOf(attribution: RunAttribution): readonly string[] {
  const named = NAMED.flatMap((name) => {
    const value = attribution[name];
    return value === undefined ? [] : [`${name}:${value}`];
  });
  return [...(attribution.tags ?? []), ...named];
}

/** @throws ConfigurationError for what the server would refuse, before it costs anything */
function checkTags(tags: readonly unknown[]): void {
  if (tags.length > TAGS_MAX) {
    throw new ConfigurationError(`A call has at most ${TAGS_MAX.toString()} tags.`);
  }
  for (const tag of tags) {
    if (typeof tag === 'string' && tag.length <= TAG_LENGTH_MAX && PRINTABLE.test(tag)) continue;
    throw new ConfigurationError(
      `A tag is printable text of 1 to ${TAG_LENGTH_MAX.toString()} characters, not ${String(tag).slice(0, 60)}.`,
    );
  }
}
