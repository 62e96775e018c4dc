import {
  amountArgument,
  count,
  dollars,
  moment,
  plural,
  signedDollars,
  wholeNumber,
} from '../../../src/cli/terminal/format.js';

describe('money', () => {
  it.each([
    ['25', '25.000000000'],
    ['0.50', '0.500000000'],
    ['$12.5', '12.500000000'],
    [' 0.000000001 ', '0.000000001'],
    ['1000000000', '1000000000.000000000'],
  ])('reads %s exactly', (typed, wire) => {
    expect(amountArgument(typed)).toBe(wire);
  });

  it.each(['', 'abc', '-5', '1e3', '0', '0.0', '1,000', '0.0000000001', '10000000000', '٣'])(
    'refuses %j',
    (typed) => {
      expect(() => amountArgument(typed)).toThrow('is not an amount');
    },
  );

  it.each([
    ['0.500000000', '$0.50'],
    ['0.000206000', '$0.000206'],
    ['9007199254.740993001', '$9007199254.740993001'],
    ['-0.250000000', '-$0.25'],
  ])('prints %s without losing a digit', (wire, text) => {
    expect(dollars(wire)).toBe(text);
  });

  it('marks the direction of a change', () => {
    const changes = ['5.000000000', '-5.000000000', '0.000000000'];
    expect(changes.map(signedDollars)).toEqual(['+$5.00', '-$5.00', '$0.00']);
  });
});

describe('numbers and times', () => {
  it('groups thousands', () => {
    expect([0, 999, 1_000, 1_234_567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([plural(1, 'key'), plural(2, 'key'), plural(0, 'key')]).toEqual([
      '1 key',
      '2 keys',
      '0 keys',
    ]);
  });

  it('accepts whole numbers within limits only', () => {
    const parse = wholeNumber('--days', 1, 92);
    expect(parse('92')).toBe(92);
    for (const text of ['0', '93', '1.5', '1e1', '', '-1', 'x'])
      expect(() => parse(text)).toThrow('--days');
  });

  it('shows a moment in UTC, and a dash for never', () => {
    expect(moment('2026-11-23T06:50:12.345Z')).toBe('2026-11-23 06:50:12Z');
    expect(moment(null)).toBe('–');
  });
});
