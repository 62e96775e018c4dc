import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../kernel/errors.js';

const ANSWERS_IN_TURN = 16;

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
    let answers: readonly Give[] = [];
    for (;;) {
      const batch = this.lanes.get(lane)?.splice(0, this.options.maxBatch) ?? [];
      if (batch.length === 0) break;
      this.waiting -= batch.length;
      // The next batch is on its way before the answers of the last are written: else the database would wait for that.
      const committed = this.commit(lane, batch);
      void giveInTurns(answers);
      answers = await committed;
    }
    this.lanes.delete(lane);
    for (const give of answers) give();
  }

  /** @returns what tells each of the batch its answer */
  private async commit(
    lane: string,
    batch: readonly Waiting<Request, Answer>[],
  ): Promise<readonly Give[]> {
    try {
      const answers = await this.options.process(
        lane,
        batch.map(({ request }) => request),
      );
      return batch.map(({ resolve }, index) => () => {
        resolve(answers[index] as Answer);
      });
    } catch (error) {
      // A database that does not answer is nobody's fault: one by one, each would wait for the same time-out after the other.
      const isOutage = error instanceof AppError && error.code === 'UNAVAILABLE';
      if (batch.length === 1 || isOutage) {
        return batch.map(({ reject }) => () => {
          reject(error);
        });
      }
      // One request may have spoilt the batch: alone, each gets the answer that it would have had without the others.
      const alone: Give[] = [];
      for (const single of batch) alone.push(...(await this.commit(lane, [single])));
      return alone;
    }
  }
}

type Give = () => void;

/** A few in each turn of the event loop, so that what the database says is heard in between. */
async function giveInTurns(answers: readonly Give[]): Promise<void> {
  for (let i = 0; i < answers.length; i += ANSWERS_IN_TURN) {
    await setImmediate();
    for (const give of answers.slice(i, i + ANSWERS_IN_TURN)) give();
  }
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}
