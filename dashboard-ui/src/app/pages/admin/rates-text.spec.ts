import { ratesText } from './rates-text';

describe('rates', () => {
  it('are named in words, exactly, without those that were not given', () => {
    expect(
      ratesText({ input: '0.2', cacheRead: '0.025', cacheWrite5m: undefined, output: '1.6' }),
    ).toBe('input $0.20, cache read $0.025, output $1.60');
    expect(ratesText({ cacheWrite1h: '2' })).toBe('cache write 1h $2.00');
  });
});
