import { type Budget, exhaustedAt, inOrder, stateOf } from './budget-view';

const budget = (change: Partial<Budget>): Budget => ({
  id: 'b',
  scope: 'project',
  scopeId: 'p',
  scopeName: 'Support',
  window: 'day',
  limit: '10.000000000',
  raised: '0.000000000',
  models: [],
  tags: [],
  windowStart: '2026-11-23',
  nextResetAt: '2026-11-24T00:00:00.000Z',
  spent: '0.000000000',
  leased: '0.000000000',
  available: '10.000000000',
  createdAt: '2026-11-01T00:00:00.000Z',
  ...change,
});
const NOON = Date.parse('2026-11-23T12:00:00.000Z');

describe('the state of a budget', () => {
  it.each([
    ['is ok just below nine tenths', { spent: '5.0', leased: '3.999999999' }, 'OK'],
    ['is nearly exhausted from there on', { spent: '5.0', leased: '4.0' }, 'Nearly exhausted'],
    ['is exhausted at the limit', { spent: '10.0' }, 'Exhausted'],
    ['is exhausted beyond it', { spent: '10.000000001' }, 'Exhausted'],
    ['counts raises', { spent: '10.0', raised: '10.0' }, 'OK'],
    ['is exhausted when the limit is zero', { limit: '0.000000000' }, 'Exhausted'],
  ])('%s', (_, change, label) => {
    expect(stateOf(budget(change)).label).toBe(label);
  });

  it('says that leased money may come back', () => {
    expect(stateOf(budget({ spent: '4.0', leased: '6.0' })).text).toContain('give back');
    expect(stateOf(budget({ spent: '10.0' })).text).toContain('starts anew');
  });
});

describe('the forecast of a budget', () => {
  const half = { spent: '8.000000000', available: '2.000000000' };

  it('follows the rate of the window', () => {
    // $8 in twelve hours: the last $2 take three.
    expect(exhaustedAt(budget(half), 'UTC', NOON)).toBe(NOON + 3 * 3_600_000);
  });

  it('is silent when the window ends first, when nothing is spent, and when nothing is left', () => {
    const calm = { spent: '1.000000000', available: '9.000000000' };
    expect(exhaustedAt(budget(calm), 'UTC', NOON)).toBeUndefined();
    expect(exhaustedAt(budget({}), 'UTC', NOON)).toBeUndefined();
    expect(exhaustedAt(budget({ spent: '10.0', available: '0.0' }), 'UTC', NOON)).toBeUndefined();
  });

  it('never ends for a total that is spent from', () => {
    const total = budget({ ...half, window: 'total', nextResetAt: null });
    expect(exhaustedAt(total, 'UTC', NOON)).toBeGreaterThan(NOON);
  });
});

it('lists the widest budgets first', () => {
  const list = [
    budget({ id: '1', scope: 'key' }),
    budget({ id: '2', window: 'month' }),
    budget({ id: '3' }),
    budget({ id: '4', scope: 'organization' }),
  ];
  expect(inOrder(list).map(({ id }) => id)).toEqual(['4', '3', '2', '1']);
});
