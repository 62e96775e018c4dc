import { RATE_KINDS, rateProblem, ratesIn, type Rates, typedRates } from './rate-kinds';

const typed = (given: Partial<Record<keyof Rates, string>>) => ({ ...typedRates(), ...given });
const kind = (name: keyof Rates) => {
  const found = RATE_KINDS.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

describe('rates as people type them', () => {
  it('are sent as dollars per million, whatever they are the price of', () => {
    expect(
      ratesIn(
        typed({
          input: '$1.10',
          output: '8.8',
          cacheRead: '',
          webSearches: '0.01',
          characters: '15',
        }),
      ),
    ).toEqual({ input: '1.10', output: '8.80', webSearches: '10000.00', characters: '15.00' });
  });

  it('round a minute that does not divide by sixty up, never down', () => {
    expect(ratesIn(typed({ audioSeconds: '0.004' }))).toEqual({
      input: '0',
      output: '0',
      audioSeconds: '66.666667',
    });
  });

  it('cost nothing by the token where another unit is paid; else input and output are needed', () => {
    expect(ratesIn(typed({ searchUnits: '0.002' }))).toMatchObject({ input: '0', output: '0' });
    expect(ratesIn(typed({ input: '1', cacheRead: '0.1' }))).toBeUndefined();
  });

  it('that nobody touched stay what they were, also where the field shows less', () => {
    const before: Rates = { input: '1', output: '2', audioSeconds: '66.666601' };
    const shown = typedRates(before);
    expect(shown.audioSeconds).toBe('0.003999996');
    expect(ratesIn({ ...shown, output: '3' }, before)).toEqual({ ...before, output: '3.00' });
  });

  it.each([
    ['input', '1.2345678', 'at most six decimals'],
    ['input', 'cheap', 'Enter dollars'],
    ['output', '-1', 'Enter dollars'],
    ['output', '1000000001', 'at most $1,000,000,000'],
    ['webSearches', '1001', 'at most $1,000'],
  ] as const)('are refused when %s is %s', (name, text, message) => {
    expect(rateProblem(kind(name), text)).toContain(message);
    expect(ratesIn(typed({ input: '1', output: '1', [name]: text }))).toBeUndefined();
  });

  it('may be as fine as a billionth of a dollar where they are of one', () => {
    expect(rateProblem(kind('webSearches'), '0.000000001')).toBeUndefined();
    expect(ratesIn(typed({ webSearches: '0.000000001' }))?.webSearches).toBe('0.001');
  });
});
