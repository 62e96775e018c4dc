import type { Schemas } from '../../api/client';
import { attentionOf, balanceAfter } from './project-view';

const project = (
  change: Partial<Schemas['Project']>,
  balance: Partial<Schemas['Balance']> = {},
) => ({
  id: 'p',
  name: 'p',
  state: 'active' as const,
  pauseReason: null,
  policy: {} as Schemas['Policy'],
  activeAgents: 0,
  createdAt: '2026-11-01T00:00:00.000Z',
  ...change,
  balance: {
    deposited: '10.000000000',
    spent: '0.000000000',
    leased: '0.000000000',
    available: '10.000000000',
    debt: '0.000000000',
    ...balance,
  },
});

describe('what needs attention', () => {
  it.each([
    ['nothing while there is money', project({}), undefined, undefined],
    ['debt, before all else', project({ state: 'paused' }, { debt: '0.1' }), undefined, 'In debt'],
    ['a pause', project({ state: 'paused' }), undefined, 'Paused'],
    ['an empty balance', project({}, { available: '0.000000000' }), undefined, 'Empty'],
    ['a run-out within a day', project({}), 1000, 'Runs out'],
    ['no run-out later than that', project({}), 90_000_000, undefined],
    ['less than a tenth', project({}, { available: '0.999999999' }), undefined, 'Nearly empty'],
    [
      'not a project that never had money',
      project({}, { deposited: '0.0', available: '0.0' }),
      0,
      undefined,
    ],
    ['not an archived one', project({ state: 'archived' }, { debt: '1.0' }), undefined, undefined],
  ])('is %s', (_, subject, runsOutAtMs, label) => {
    expect(attentionOf(subject, runsOutAtMs, 0)?.label).toBe(label);
  });
});

it('knows what a correction leaves, debt first', () => {
  expect(balanceAfter({ available: '10.0', debt: '0.0' }, -12_500_000_000n)).toBe(-2_500_000_000n);
  expect(balanceAfter({ available: '0.0', debt: '3.0' }, 5_000_000_000n)).toBe(2_000_000_000n);
});
