import type { RunLimits } from '../context/run-budget.js';
import type { RunAttribution } from '../context/run-context.js';
import type { Cage } from '../core/cage.js';
import { IronCage } from '../core/iron-cage.js';
import { ConfigurationError } from '../errors/catalogue.js';
import { findIronCageError } from '../errors/iron-cage-error.js';

/** For whom the calls are made, and what they may cost together; everything may be left out. */
export interface ScopeOptions extends RunAttribution, RunLimits {
  /** Default: the connection of this process. */
  readonly cage?: Cage;
}

/** Runs `task` with the attribution and the limits of `options`. */
export function inScope<T>(options: ScopeOptions, task: () => T): T {
  const { cage = currentCage(), budget, maxCalls, maxSeconds, ...attribution } = options;
  const limits: RunLimits = {
    ...(budget === undefined ? {} : { budget }),
    ...(maxCalls === undefined ? {} : { maxCalls }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
  };
  const isLimited = Object.keys(limits).length > 0;
  return cage.withContext(attribution, () =>
    isLimited ? cage.withBudget(limits, () => task()) : task(),
  );
}

/** The same for a task that waits: what Iron Cage threw comes out as it was, not as it was wrapped. */
export async function callInScope<T>(
  options: ScopeOptions,
  task: () => PromiseLike<T>,
): Promise<T> {
  try {
    return await inScope(options, task);
  } catch (error) {
    throw findIronCageError(error) ?? error;
  }
}

type AnyFunction = (this: unknown, ...given: unknown[]) => unknown;

/**
 * An object like `target` whose `methods` run in a scope of their own, one for each call.
 * @param optionsFor may add what the arguments of a call tell
 */
export function withScope<T extends object>(
  target: T,
  methods: ReadonlySet<string>,
  optionsFor: (given: readonly unknown[]) => ScopeOptions,
): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function' || key === 'constructor') return value;
      // Bound to the object itself: private fields are not reached through a proxy.
      const method = (value as AnyFunction).bind(object);
      if (typeof key !== 'string' || !methods.has(key)) return method;
      return (...given: unknown[]) => {
        const result = inScope(optionsFor(given), () => method(...given));
        return isThenable(result) ? unwrapped(result) : result;
      };
    },
  });
}

async function unwrapped(result: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    throw findIronCageError(error) ?? error;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function currentCage(): Cage {
  const cage = IronCage.current();
  if (cage !== undefined) return cage;
  throw new ConfigurationError(
    "Iron Cage does not run in this process: import '@iron-cage/sdk/auto' first, or call " +
      'IronCage.init() and give its result as `cage`.',
  );
}
