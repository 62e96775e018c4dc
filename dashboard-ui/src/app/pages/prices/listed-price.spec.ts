import { type Listed, listedText } from './listed-price';

const row = (given: Partial<Listed>): Listed => ({
  provider: 'openai',
  model: 'a-model',
  source: 'table',
  inputPerMillion: '0.000000000',
  cacheReadPerMillion: null,
  outputPerMillion: '0.000000000',
  otherRates: [],
  contextTokens: null,
  maxOutputTokens: null,
  ...given,
});
const other = (unit: Listed['otherRates'][number]['unit'], rate: string) => ({
  unit,
  rate,
  per: 1_000_000,
});

describe('a row of the price table', () => {
  it('of what is paid by a unit shows the unit, and no dollars for tokens', () => {
    expect(listedText(row({ otherRates: [other('audioSeconds', '100.000000000')] }))).toEqual({
      input: '–',
      cached: '–',
      output: '–',
      others: 'minute of audio $0.006',
      isByUnit: true,
    });
  });

  it('of what is given away shows that it costs nothing', () => {
    expect(listedText(row({}))).toMatchObject({ input: '$0.00', output: '$0.00', others: '' });
    const free = row({ otherRates: [other('webSearches', '0.000000000')] });
    expect(listedText(free)).toMatchObject({ input: '$0.00', isByUnit: false });
  });

  it('shows what is paid beside tokens, also what only the table has', () => {
    const sonar = row({
      inputPerMillion: '1.000000000',
      otherRates: [other('imageOutput', '40.000000000'), other('calls', '12000.000000000')],
    });
    expect(listedText(sonar)).toMatchObject({
      input: '$1.00',
      output: '$0.00',
      others: 'image output $40.00, call $0.012',
      isByUnit: false,
    });
  });

  it('with a price for pictures alone is not paid by a unit: they are counted in tokens', () => {
    const picture = row({ otherRates: [other('imageOutput', '40.000000000')] });
    expect(listedText(picture).isByUnit).toBe(false);
  });
});
