import fc from 'fast-check';
import {
  MAX_AMOUNT_NANO,
  maxNano,
  minNano,
  parseMoney,
  printMoney,
  showMoney,
} from '../../../src/kernel/money.js';
import { money, positiveMoney, signedMoney } from '../../../src/kernel/wire.js';

const amount = fc.bigInt({ min: 0n, max: MAX_AMOUNT_NANO });

describe('money', () => {
  it('comes back as it was printed, whatever the amount', () => {
    fc.assert(fc.property(amount, (nano) => parseMoney(printMoney(nano)) === nano));
  });

  it('reads what people write, exactly', () => {
    expect(parseMoney('0')).toBe(0n);
    expect(parseMoney('12')).toBe(12_000_000_000n);
    expect(parseMoney('0.5')).toBe(500_000_000n);
    expect(parseMoney('0.000000001')).toBe(1n);
    expect(parseMoney('1000000000')).toBe(MAX_AMOUNT_NANO);
    expect(parseMoney('1000000000.000000001')).toBeUndefined();
  });

  it('agrees with arithmetic on the digits', () => {
    const parts = fc.tuple(fc.nat(999_999_999), fc.nat(999_999_999));
    fc.assert(
      fc.property(parts, ([whole, fraction]) => {
        const text = `${whole}.${String(fraction).padStart(9, '0')}`;
        return parseMoney(text) === BigInt(whole) * 1_000_000_000n + BigInt(fraction);
      }),
    );
  });

  it.each([
    '',
    ' ',
    '.',
    '.5',
    '5.',
    '+1',
    '-1',
    '-0',
    '01',
    '1e3',
    '1_000',
    '1,000',
    '1 ',
    ' 1',
    '1\n',
    '0x10',
    'NaN',
    'Infinity',
    '1.0000000001',
    '10000000000',
    '١',
    '1.1.1',
  ])('refuses %j', (text) => {
    expect(parseMoney(text)).toBeUndefined();
  });

  it('never accepts a text that says something else than its own digits', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const nano = parseMoney(text);
        return nano === undefined || (/^[0-9.]+$/.test(text) && Number(text) * 1e9 >= 0);
      }),
    );
  });

  it('shows two decimals, and more where they carry something', () => {
    expect(showMoney(500_000_000n)).toBe('$0.50');
    expect(showMoney(206_000n)).toBe('$0.000206');
    expect(showMoney(0n)).toBe('$0.00');
    expect(showMoney(12_345_000_000_000n)).toBe('$12345.00');
    expect(showMoney(-1_500_000_000n)).toBe('-$1.50');
    expect(showMoney(1_000_000_001n)).toBe('$1.000000001');
  });

  it('keeps order', () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        return minNano(a, b) <= maxNano(a, b) && minNano(a, b) + maxNano(a, b) === a + b;
      }),
    );
  });
});

describe('money on the wire', () => {
  it('encodes what it decodes', () => {
    fc.assert(fc.property(amount, (nano) => money.decode(money.encode(nano)) === nano));
    const signed = fc.bigInt({ min: -MAX_AMOUNT_NANO, max: MAX_AMOUNT_NANO });
    fc.assert(fc.property(signed, (nano) => signedMoney.decode(signedMoney.encode(nano)) === nano));
  });

  it('is never negative where it comes in, and positive where it must be', () => {
    expect(money.safeParse('-1').success).toBe(false);
    expect(money.safeParse(1).success).toBe(false);
    expect(positiveMoney.safeParse('0').success).toBe(false);
    expect(positiveMoney.safeParse('0.000000001').success).toBe(true);
  });
});
