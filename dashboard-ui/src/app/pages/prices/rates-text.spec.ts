import { ratesText } from './rates-text';

describe('rates', () => {
  it('are named in words, exactly, without those that were not given', () => {
    expect(ratesText({ input: '0.2', cacheRead: '0.025', output: '1.6' })).toBe(
      'input $0.20, output $1.60, cache read $0.025',
    );
    expect(ratesText({ cacheWrite1h: '2' })).toBe('cache write 1h $2.00');
  });

  it('of searches and minutes are those of one', () => {
    expect(ratesText({ webSearches: '10000', audioSeconds: '66.666667' })).toBe(
      'web search $0.01, minute of audio $0.004',
    );
  });
});
