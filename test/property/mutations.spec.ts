import { availableParallelism } from 'node:os';
import { HELD_BY_THE_SECOND_WALL, MUTANTS, Nursery } from './mutations.js';
import { SCENARIOS } from './mutations-scenarios.js';

/** That the tests pass says little until it is known that they would not pass if the engine were wrong. */
describe('the scenarios of the ledger', () => {
  let nursery: Nursery;
  const killed: (Record<string, string> | Error)[] = [];

  // Each mutant is a process of its own; as many at a time as there are cores.
  beforeAll(async () => {
    nursery = new Nursery();
    const waiting = MUTANTS.map((mutant, index) => ({ mutant, index }));
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { mutant, index } = next;
        killed[index] = await nursery
          .run([mutant.killedBy], mutant.patches)
          .catch((error: unknown) => error as Error);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  }, 240_000);

  afterAll(() => nursery.remove());

  it('pass for the code as it is', async () => {
    const names = Object.keys(SCENARIOS);
    expect(await nursery.run(names, [])).toEqual(
      Object.fromEntries(names.map((name) => [name, 'passed'])),
    );
  }, 60_000);

  it.each(MUTANTS.map(({ fault, killedBy }, index) => [fault, killedBy, index] as const))(
    'notice that %s (in: %s)',
    (_fault, scenario, index) => {
      const outcome = killed[index];
      if (outcome instanceof Error) throw outcome;
      expect(outcome?.[scenario]).toEqual(expect.any(String));
      expect(outcome?.[scenario]).not.toBe('passed');
      expect(outcome?.[scenario]).not.toBe('there is no such scenario');
    },
  );

  it.each(HELD_BY_THE_SECOND_WALL)(
    'pass although $fault: row-level security does not let them',
    async ({ patches }) => {
      const scenario = 'an organization sees nothing of another one';
      expect(await nursery.run([scenario], patches)).toEqual({ [scenario]: 'passed' });
    },
  );

  it('are each needed by a mutant', () => {
    expect(new Set(MUTANTS.map(({ killedBy }) => killedBy))).toEqual(
      new Set(Object.keys(SCENARIOS)),
    );
  });
});
