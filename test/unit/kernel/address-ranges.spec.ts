import { AddressRanges, isAddressRange } from '../../../src/kernel/address-ranges.js';

describe('address ranges', () => {
  it.each(['203.0.113.7', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::1', '::/0'])(
    'are written like %s',
    (text) => {
      expect(isAddressRange(text)).toBe(true);
    },
  );

  it.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    'fe80::1%eth0',
    '010.0.0.1',
    ' 10.0.0.1',
  ])('are not written like %j', (text) => {
    expect(isAddressRange(text)).toBe(false);
  });

  it.each([
    ['10.1.2.3', true],
    ['11.1.2.3', false],
    ['::ffff:10.1.2.3', true],
    ['::ffff:11.1.2.3', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:1::5', true],
    ['2001:DB8:1:0::5', true],
    ['2001:db9::5', false],
    ['2001:db8:1::5%eth0', true],
    ['unknown', false],
    ['', false],
    ['10.1.2.3, 1.2.3.4', false],
  ])('include %s: %s', (ip, expected) => {
    const ranges = new AddressRanges(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
    expect(ranges.includes(ip)).toBe(expected);
  });

  it('that nobody can read include nobody', () => {
    expect(new AddressRanges(['10.0.0.0/99', 'x']).includes('10.0.0.1')).toBe(false);
  });
});
