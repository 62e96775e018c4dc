import { pick } from '../../../src/cli/resolve.js';
import { closest } from '../../../src/cli/terminal/closest.js';

const items = [
  { id: '018f0000-0000-7000-8000-000000000001', name: 'Research' },
  { id: '018f0000-0000-7000-8000-000000000002', name: 'Support bot' },
  { id: '018f0000-0000-7000-8000-000000000003', name: 'Twin' },
  { id: '018f0000-0000-7000-8000-000000000004', name: 'Twin' },
];

describe('naming a project', () => {
  it('takes the id or the exact name', () => {
    expect(pick('project', items[1]!.id, items)).toBe(items[1]);
    expect(pick('project', 'Research', items)).toBe(items[0]);
  });

  it('never guesses: another spelling is refused with a suggestion', () => {
    expect(() => pick('project', 'research', items)).toThrow('Did you mean "Research"?');
    expect(() => pick('project', 'Reserch', items)).toThrow('Did you mean "Research"?');
    expect(() => pick('project', 'zzz', items)).toThrow('iron-cage project list');
  });

  it('refuses a name that two carry, and lists their ids', () => {
    expect(() => pick('project', 'Twin', items)).toThrow(items[3]!.id);
  });
});

describe('closest', () => {
  it('finds a slip, not a stranger', () => {
    expect(closest('opnai', ['openai', 'anthropic'])).toBe('openai');
    expect(closest('mistral', ['openai', 'anthropic'])).toBeUndefined();
    expect(closest('x', [])).toBeUndefined();
  });
});
