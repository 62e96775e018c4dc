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
    environment: 'any',
    senderBinding: 'off',
    mode: 'enforce',
    unbounded: 'cap',
    velocityLimit: null,
  },
});

describe('policy form', () => {
  it('shows the policy as people type it', () => {
    expect(before).toMatchObject({
      trancheSize: '0.50',
      leaseTtlSeconds: '300',
      velocityLimit: '',
    });
  });

  it('sends only what changed', () => {
    expect(projectChange(before, before)).toEqual({});
    expect(
      projectChange(before, {
        ...before,
        trancheSize: '$1.25',
        name: 'Support 2',
      }),
    ).toEqual({
      name: 'Support 2',
      policy: { trancheSize: '1.25' },
    });
  });

  it('binds the requests of agents to who sends them', () => {
    expect(projectChange(before, { ...before, senderBinding: 'required' })).toEqual({
      policy: { senderBinding: 'required' },
    });
  });

  it('says what agents do with calls whose cost is not in the request', () => {
    expect(projectChange(before, { ...before, unbounded: 'block' })).toEqual({
      policy: { unbounded: 'block' },
    });
  });

  it('sets a velocity limit, and lifts it when the field is emptied', () => {
    const limited = { ...before, mode: 'observe' as const, velocityLimit: '2.50' };
    expect(projectChange(before, limited)).toEqual({
      policy: { mode: 'observe', velocityLimit: '2.50' },
    });
    expect(projectChange(limited, { ...limited, velocityLimit: ' ' })).toEqual({
      policy: { velocityLimit: null },
    });
  });
});
