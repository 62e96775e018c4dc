import { auditDetails } from './audit-details';

describe('details of an audit event', () => {
  it('are shown in words, dollars and without what is empty', () => {
    expect(
      auditDetails({ stillLeased: '0.500000000', reason: null, newUser: true, name: 'Support' }),
    ).toEqual([
      { name: 'still leased', value: '$0.50' },
      { name: 'new user', value: 'true' },
      { name: 'name', value: 'Support' },
    ]);
  });

  it('show lists and parts without brackets', () => {
    expect(
      auditDetails({
        models: [],
        addresses: ['10.0.0.1', '::1'],
        rates: { input: '2', cacheRead: '1' },
      }),
    ).toEqual([
      { name: 'addresses', value: '10.0.0.1, ::1' },
      { name: 'rates', value: 'input 2, cache read 1' },
    ]);
  });

  it('show times with their zone', () => {
    const [detail] = auditDetails({ expiresAt: '2026-11-23T07:18:07.440Z' });
    expect(detail?.name).toBe('expires at');
    expect(detail?.value).toMatch(/^\d+ Nov 2026, \d\d:\d\d:\d\d \S+$/);
  });
});
