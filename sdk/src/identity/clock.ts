import { performance } from 'node:perf_hooks';

/** Cancels a timer; harmless when it has fired already. */
export type Cancel = () => void;

/** Time as a dependency: tests drive it by hand. */
export interface Clock {
  /** Milliseconds that never jump: all deadlines are counted on it. */
  monotonicMs(): number;
  /** Milliseconds since 1970: only for ids, price periods and file times. */
  wallMs(): number;
  /** Runs `task` once after `delayMs`. Never keeps the process alive. */
  schedule(delayMs: number, task: () => void): Cancel;
}

const TIMEOUT_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), TIMEOUT_MAX_MS));
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
