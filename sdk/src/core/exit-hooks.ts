import { Worker } from 'node:worker_threads';

import type { ExitReport } from '../leases/exit-reports.js';
import { exitWorkerSource } from './exit-worker-source.js';

/** What is left to tell the server when the process ends. */
export interface ExitWork {
  readonly base: string;
  readonly key: string;
  readonly sessionIds: readonly string[];
  readonly reports: readonly ExitReport[];
}

type MakeExitWork = () =>
  { readonly work: ExitWork; readonly onDone: (settledLeaseIds: string[]) => void } | undefined;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const SIGNAL_CLOSE_MS = 3_000;
const EXIT_WAIT_MS = 2_500;
const LEASES_MAX = 1_024;

/** Returns the leases when the process ends, whichever way it ends (but SIGKILL). */
export class ExitHooks {
  readonly #close: () => Promise<void>;
  readonly #makeWork: MakeExitWork;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#endBySignal(signal);
  };
  readonly #onBeforeExit = (): void => {
    void this.#close();
  };
  readonly #onExit = (): void => {
    reportInWorker(this.#makeWork);
  };

  constructor(close: () => Promise<void>, makeWork: MakeExitWork) {
    this.#close = close;
    this.#makeWork = makeWork;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.on('beforeExit', this.#onBeforeExit);
    process.on('exit', this.#onExit);
  }

  remove(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
    process.removeListener('beforeExit', this.#onBeforeExit);
    process.removeListener('exit', this.#onExit);
  }

  /** Without other listeners the signal would have ended the process: it still does. */
  #endBySignal(signal: NodeJS.Signals): void {
    if (process.listenerCount(signal) > 1) return; // the application decides; `exit` follows
    const end = (): void => {
      process.kill(process.pid, signal);
    };
    const timer = setTimeout(end, SIGNAL_CLOSE_MS);
    this.#close()
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(timer);
        end();
      });
  }
}

/**
 * At `exit` nothing asynchronous runs any more in this thread, so a short-lived worker sends the
 * last reports while this thread waits for it.
 */
function reportInWorker(makeWork: MakeExitWork): void {
  const made = makeWork();
  if (made === undefined) return;
  const { work, onDone } = made;
  // [0]: done; [1 + i]: lease i was settled
  const progress = new Int32Array(new SharedArrayBuffer(4 * (LEASES_MAX + 1)));
  const reports = work.reports.slice(0, LEASES_MAX);
  try {
    new Worker(exitWorkerSource, {
      eval: true,
      env: {},
      execArgv: [], // an inherited --import would start the agent's preloads in the worker
      workerData: { ...work, reports, progress, timeoutMs: EXIT_WAIT_MS },
    }).unref();
    Atomics.wait(progress, 0, 0, EXIT_WAIT_MS);
  } catch {
    // The journal is on disk: the next start finishes the rest.
  }
  onDone(reports.filter((_, index) => progress[index + 1] === 1).map(({ leaseId }) => leaseId));
}
