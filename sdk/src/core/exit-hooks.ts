import { Worker } from 'node:worker_threads';

import type { ExitReport } from '../leases/exit-reports.js';
import { leasePath } from '../leases/lease-server.js';
import type { PreparedRequest, Transport } from '../wire/transport.js';
import { exitWorkerSource } from './exit-worker-source.js';

/** What is left to tell the server when the process ends. */
export interface ExitWork {
  readonly sessionIds: readonly string[];
  readonly reports: readonly ExitReport[];
}

/** The same, signed and ready to be sent by who holds no key. */
export interface PreparedExit {
  readonly reports: readonly {
    readonly leaseId: string;
    readonly requests: readonly PreparedRequest[];
  }[];
  readonly ends: readonly PreparedRequest[];
}

export function prepareExit(transport: Transport, { reports, sessionIds }: ExitWork): PreparedExit {
  return {
    reports: reports.map(({ leaseId, bodies }) => ({
      leaseId,
      requests: bodies.map((body) =>
        transport.prepare('POST', leasePath(leaseId), body, body.sessionId),
      ),
    })),
    ends: sessionIds.map((id) =>
      transport.prepare('DELETE', `v1/sdk/sessions/${id}`, undefined, id),
    ),
  };
}

type MakeExitWork = () =>
  { readonly work: PreparedExit; readonly onDone: (settledLeaseIds: string[]) => void } | undefined;

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
