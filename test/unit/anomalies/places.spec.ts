import { differentPlaces } from '../../../src/anomalies/domain/places.js';

const places = (...ips: string[]) =>
  ips.map((ip, index) => ({ ip, lastSeenAt: new Date(1_000 - index) }));
const differing = (ips: string[], ranges: string[] = []): string[] =>
  differentPlaces(places(...ips), ranges.length > 0 ? [{ name: 'office', ranges }] : []).map(
    ({ ip }) => ip,
  );

describe('places of a key', () => {
  it.each([
    ['two addresses', ['127.0.0.5', '127.0.0.6'], ['127.0.0.5', '127.0.0.6']],
    ['one address, also written as IPv6', ['127.0.0.5', '::ffff:127.0.0.5'], ['127.0.0.5']],
    [
      'two networks of IPv6',
      ['2001:db8:0:1::7', '2001:db8:0:2::7'],
      ['2001:db8:0:1::7', '2001:db8:0:2::7'],
    ],
    ['one network of IPv6', ['2001:db8:0:1::7', '2001:db8:0:1::8'], ['2001:db8:0:1::7']],
    ['both loopbacks', ['127.0.0.1', '::1'], ['127.0.0.1']],
    ['a host with both kinds', ['2001:db8::7', '203.0.113.7'], ['203.0.113.7']],
    [
      'two hosts with both kinds',
      ['2001:db8::7', '203.0.113.7', '203.0.113.8'],
      ['203.0.113.7', '203.0.113.8'],
    ],
  ])('%s', (_name, ips, expected) => {
    expect(differing(ips)).toEqual(expected);
  });

  it('count as one inside a group of addresses', () => {
    expect(differing(['198.51.100.1', '198.51.100.2'], ['198.51.100.0/24'])).toHaveLength(1);
    expect(differing(['198.51.100.1', '203.0.113.1'], ['198.51.100.0/24'])).toHaveLength(2);
  });
});
