import { policyModel, projectChange } from './policy-form-model';

const before = policyModel({
  name: 'Support',
  policy: {
    trancheSize: '0.500000000',
    leaseTtlSeconds: 300,
    graceSeconds: 60,
    expiry: 'return',
    maxOpenLeases: 10,
    reportIntervalSeconds: 60,
    pii: { email: 'warn', card: 'block' },
  },
});

describe('policy form', () => {
  it('shows the policy as people type it', () => {
    expect(before).toMatchObject({ trancheSize: '0.50', leaseTtlSeconds: '300', piiCard: 'block' });
  });

  it('sends only what changed', () => {
    expect(projectChange(before, before)).toEqual({});
    expect(
      projectChange(before, {
        ...before,
        trancheSize: '$1.25',
        name: 'Support 2',
        piiEmail: 'redact',
      }),
    ).toEqual({
      name: 'Support 2',
      policy: { trancheSize: '1.25', pii: { email: 'redact', card: 'block' } },
    });
  });
});
