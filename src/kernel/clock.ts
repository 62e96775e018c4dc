/** The process's own clock. Money never uses it (that is the database's clock); logs, tokens and ids do. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Wall clocks jump; how long something has been remembered must not. */
export const steadyClock: Clock = { now: () => performance.now() };
