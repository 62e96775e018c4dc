import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../kernel/errors.js';

/**
 * Collects what arrives while a batch is being committed into the next batch: one commit, many answers, in arrival order. One batch at a
 * time per lane; with nothing to coalesce a request goes straight through.
 */
export class Coalescer<Request, Answer> {
  private readonly lanes = new Map<string, Waiting<Request, Answer>[]>();
  private waiting = 0;

  constructor(
    private readonly options: {
      readonly maxBatch: number;
      readonly maxWaiting: number;
      /** Answers in the order of the requests. A rejection fails the whole batch. */
      readonly process: (lane: string, requests: readonly Request[]) => Promise<readonly Answer[]>;
      readonly full: () => Error;
    },
  ) {}

  submit(lane: string, request: Request): Promise<Answer> {
    if (this.waiting >= this.options.maxWaiting) return Promise.reject(this.options.full());
    this.waiting++;
    return new Promise<Answer>((resolve, reject) => {
      const entry = { request, resolve, reject };
      const queue = this.lanes.get(lane);
      if (queue) {
        queue.push(entry);
      } else {
        this.lanes.set(lane, [entry]);
        void this.drain(lane);
      }
    });
  }

  private async drain(lane: string): Promise<void> {
    // What arrives in the same turn of the event loop belongs together: else the first of a crowd would have a batch of its own.
    await setImmediate();
    for (;;) {
      const batch = this.lanes.get(lane)?.splice(0, this.options.maxBatch) ?? [];
      if (batch.length === 0) break;
      this.waiting -= batch.length;
      await this.commit(lane, batch);
    }
    this.lanes.delete(lane);
  }

  private async commit(lane: string, batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.process(
        lane,
        batch.map(({ request }) => request),
      );
      batch.forEach(({ resolve }, index) => {
        resolve(answers[index] as Answer);
      });
    } catch (error) {
      // A database that does not answer is nobody's fault: one by one, each would wait for the same time-out after the other.
      const isOutage = error instanceof AppError && error.code === 'UNAVAILABLE';
      if (batch.length === 1 || isOutage) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One request may have spoilt the batch: alone, each gets the answer that it would have had without the others.
      for (const single of batch) await this.commit(lane, [single]);
    }
  }
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
