import { isPaidByUnit, ratesText } from '../../../src/cli/commands/rate-words.js';

describe('rates in words', () => {
  it('are those of a million tokens, and of one of what people buy one by one', () => {
    expect(
      ratesText({
        input: '0.200000000',
        cacheWrite5m: '0.250000000',
        imageCacheRead: '0.500000000',
        webSearches: '10000.000000000',
        audioSeconds: '100.000000000',
        characters: '15.000000000',
        calls: '12000.000000000',
      }),
    ).toBe(
      'input $0.20, cache write 5m $0.25, image cache read $0.50, web search $0.01, ' +
        'minute of audio $0.006, million characters $15.00, call $0.012',
    );
  });

  it.each([
    ['minutes alone', { input: '0.000000000', audioSeconds: '100.000000000' }, true],
    ['tokens too', { input: '0.000001000', audioSeconds: '100.000000000' }, false],
    ['other tokens too', { cacheWrite1h: '1.000000000', calls: '100.000000000' }, false],
    ['nothing at all', { input: '0.000000000', webSearches: '0.000000000' }, false],
  ])('know what is paid by %s', (_, rates, expected) => {
    expect(isPaidByUnit(rates)).toBe(expected);
  });
});
