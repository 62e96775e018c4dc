import { tellStory } from '../demo/story.js';
import { createDatabase } from '../harness/server.js';

describe('the three stories, with real agents', () => {
  it('spend what the provider bills, stop in time, and leave nothing unaccounted for', async () => {
    const database = await createDatabase();
    const said: string[] = [];
    try {
      const { lines } = await tellStory((line) => said.push(line), database.url);
      expect({ wrong: lines.filter(({ ok }) => !ok), said }).toEqual({ wrong: [], said });
      expect(lines.map(({ what }) => what)).toContain('requests after the stop');
      expect(said.join('\n')).toMatch(/BudgetExceededError: .*Research/);
      expect(said.join('\n')).toMatch(/ProjectPausedError: /);
    } finally {
      await database.drop();
    }
  }, 120_000);
});
