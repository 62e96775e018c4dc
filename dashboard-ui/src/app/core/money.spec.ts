import {
  editableUsd,
  exactUsd,
  nano,
  percent,
  shortUsd,
  sumNano,
  typedMoney,
  typedSignedMoney,
} from './money';

describe('money', () => {
  it('reads what the API sends, exactly', () => {
    expect(nano('0.500000000')).toBe(500_000_000n);
    expect(nano('-0.250000001')).toBe(-250_000_001n);
    expect(nano('12')).toBe(12_000_000_000n);
    expect(() => nano('1e3')).toThrow(RangeError);
  });

  it('keeps what a double would lose', () => {
    expect(exactUsd(nano('999999999.123456789'))).toBe('$999,999,999.123456789');
    expect(exactUsd(sumNano([nano('0.1'), nano('0.2')]))).toBe('$0.30');
  });

  it.each([
    [0n, '$0.00'],
    [1n, '<$0.01'],
    [4_999_999n, '<$0.01'],
    [5_000_000n, '$0.01'],
    [1_234_565_000_000n, '$1,234.57'],
    [-250_000_000n, '−$0.25'],
    [-1n, '−<$0.01'],
  ])('shows %s nano as %s in lists', (amount, text) => {
    expect(shortUsd(amount)).toBe(text);
  });

  it.each([
    [0n, '$0.00'],
    [500_000_000n, '$0.50'],
    [206_000n, '$0.000206'],
    [1n, '$0.000000001'],
    [100_000_000_000_000n, '$100,000.00'],
  ])('shows %s nano as %s in full', (amount, text) => {
    expect(exactUsd(amount)).toBe(text);
  });

  it('reads what people type and refuses what is ambiguous', () => {
    expect(typedMoney(' $1,250.5 ')).toBe('1250.5');
    expect(typedMoney('0.000000001')).toBe('0.000000001');
    for (const text of ['', '-1', '1e3', '1.0000000001', '.5', 'ten', '01'])
      expect(typedMoney(text)).toBeUndefined();
  });

  it('reads a sign where one is allowed', () => {
    expect(typedSignedMoney(' -12.50 ')).toBe('-12.50');
    expect(typedSignedMoney('−$3')).toBe('-3');
    expect(typedSignedMoney('+5')).toBe('5');
    for (const text of ['', '-', '--1', '-1e3']) expect(typedSignedMoney(text)).toBeUndefined();
  });

  it('gives a form the number without sign or grouping', () => {
    expect(editableUsd(nano('1250.500000000'))).toBe('1250.50');
  });

  it('gives shares for drawing', () => {
    expect(percent(1n, 3n)).toBe(33.33);
    expect(percent(1n, 0n)).toBe(0);
  });
});
