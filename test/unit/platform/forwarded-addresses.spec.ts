import { bareAddresses } from '../../../src/platform/http/forwarded-addresses.js';

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::7]:4711, 10.0.0.1', '2001:db8::7, 10.0.0.1'],
    ['2001:db8::7', '2001:db8::7'],
    ['1.2.3.4, unknown, 203.0.113.7:1', '203.0.113.7'],
    ['1.2.3.4, _hidden', undefined],
    ['', undefined],
    ['999.1.1.1', undefined],
    ['1.2.3.4:99999999', undefined],
  ])('%j is read as %j', (header, expected) => {
    expect(bareAddresses(header)).toBe(expected);
  });
});
