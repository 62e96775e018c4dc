import { namesAsText, namesIn } from './names-rule';

describe('lists of names', () => {
  it('are typed with commas, each name once', () => {
    expect(namesIn(' gpt-5*, claude-*,, gpt-5* ')).toEqual(['gpt-5*', 'claude-*']);
    expect(namesIn('  ')).toEqual([]);
    expect(namesAsText(['a', 'b'])).toBe('a, b');
  });
});
