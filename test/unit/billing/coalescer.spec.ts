import { Coalescer } from '../../../src/billing/leases/coalescer.js';
import { AppError } from '../../../src/kernel/errors.js';

/** A coalescer whose batches end when the test says so. */
function rig(
  process: (requests: readonly number[]) => Promise<readonly string[]>,
  maxWaiting = 1_000,
) {
  const batches: number[][] = [];
  const coalescer = new Coalescer<number, string>({
    maxBatch: 256,
    maxWaiting,
    process: async (_lane, requests) => {
      batches.push([...requests]);
      await new Promise((resolve) => setImmediate(resolve));
      return process(requests);
    },
    full: () => new Error('full'),
  });
  const submit = (requests: readonly number[], lane = 'a') =>
    Promise.allSettled(requests.map((request) => coalescer.submit(lane, request)));
  return { batches, submit };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const echo = (requests: readonly number[]) => Promise.resolve(requests.map(String));

describe('commands that arrive while a batch is being committed', () => {
  it('go into the next batch, and each gets its own answer', async () => {
    const { batches, submit } = rig(echo);
    const answers = await submit(upTo(600));
    expect(answers.map((answer) => answer.status === 'fulfilled' && answer.value)).toEqual(
      upTo(600).map(String),
    );
    expect(batches.map(({ length }) => length)).toEqual([256, 256, 88]);
  });

  it('wait for a batch that is under way', async () => {
    const { batches, submit } = rig(echo);
    const first = submit([1, 2]);
    while (batches.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, submit([3]), submit([4])]);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('are under way before the answers of the batch before are given, and those are given a few at a time', async () => {
    const events: string[] = [];
    const coalescer = new Coalescer<number, number>({
      maxBatch: 40,
      maxWaiting: 1_000,
      process: (_lane, requests) => {
        events.push(`commit ${requests.length}`);
        return Promise.resolve(requests);
      },
      full: () => new Error('full'),
    });
    const turns = new Set<number>();
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    count();
    await Promise.all(
      upTo(80).map(async (request) => {
        expect(await coalescer.submit('a', request)).toBe(request);
        events.push('answer');
        if (request < 40) turns.add(turn);
      }),
    );
    isOver = true;
    expect(events.slice(0, 3)).toEqual(['commit 40', 'commit 40', 'answer']);
    expect(turns.size).toBeGreaterThanOrEqual(3);
  });

  it('of different organizations do not wait for each other', async () => {
    const { batches, submit } = rig(echo);
    await Promise.all([submit([1, 2, 3], 'a'), submit([4, 5, 6], 'b')]);
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('are tried one by one when one of them spoils the batch', async () => {
    const { submit } = rig((requests) =>
      requests.includes(7) ? Promise.reject(new Error('spoilt')) : echo(requests),
    );
    const answers = await submit(upTo(20));
    expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(answers[7]).toMatchObject({ status: 'rejected', reason: { message: 'spoilt' } });
  });

  it('are all refused at once when the database does not answer: one by one would hold everybody up for each time-out', async () => {
    const { batches, submit } = rig(() =>
      Promise.reject(new AppError('UNAVAILABLE', 'The database does not answer.')),
    );
    const answers = await submit(upTo(200));
    expect(
      answers.every(
        (answer) =>
          answer.status === 'rejected' && (answer.reason as AppError).code === 'UNAVAILABLE',
      ),
    ).toBe(true);
    expect(batches.map(({ length }) => length)).toEqual([200]);
  });

  it('are refused beyond the most that may wait, and the next ones are taken again', async () => {
    const { submit } = rig(echo, 10);
    const answers = await submit(upTo(30));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect((await submit(upTo(5))).every(({ status }) => status === 'fulfilled')).toBe(true);
  });
});
