import { addressProblem, limitsOf, NO_LIMITS } from './key-limits';

describe('the limits of a key', () => {
  it('are not sent when nothing was limited', () => {
    expect(limitsOf(NO_LIMITS)).toEqual({});
  });

  it('are sent as the server takes them', () => {
    expect(
      limitsOf({
        scopes: { ...NO_LIMITS.scopes, lease: false, listen: false },
        addresses: '203.0.113.0/24, 2001:db8::/32',
        models: 'gpt-5*',
        requestsPerMinute: ' 600 ',
        spendCap: '12.5',
      }),
    ).toEqual({
      scopes: ['bootstrap', 'report'],
      allowedAddresses: ['203.0.113.0/24', '2001:db8::/32'],
      models: ['gpt-5*'],
      requestsPerMinute: 600,
      spendCap: '12.5',
    });
  });

  it.each([
    ['', undefined],
    ['10.0.0.1', undefined],
    ['10.0.0.0/8, ::1', undefined],
    ['office', 'office'],
    ['10.0.0.1, *', '*'],
  ])('%j as addresses: what is wrong is named', (text, wrong) => {
    const problem = addressProblem(text);
    if (wrong === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(`“${wrong}”`);
  });
});
