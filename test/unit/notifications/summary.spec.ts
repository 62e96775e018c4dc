import { summaryOf } from '../../../src/notifications/domain/summary.js';

describe('the sentence of an alert', () => {
  const budget = {
    of: 'spent',
    threshold: 75,
    scope: 'key',
    scopeName: 'ci',
    window: 'day',
    limit: '10.000000000',
    spent: '7.500000000',
    leased: '0.250000000',
  };

  it('says whose budget, how much of it, and of what', () => {
    expect(summaryOf('budget.threshold', budget)).toBe(
      '75 % of the day budget of key "ci" is spent: $7.50 spent, $0.25 leased, of $10.00.',
    );
    expect(
      summaryOf('budget.threshold', { ...budget, of: 'committed', scope: 'balance' }),
    ).toContain('75 % of the deposits of project "ci" is spent or leased');
  });

  it('says what to do about a key', () => {
    const key = { name: 'ci', projectName: 'Search', expiresAt: '2026-12-01T10:00:00.000Z' };
    expect(summaryOf('key.expiring', key)).toBe(
      'Key "ci" of project "Search" expires on 2026-12-01. Rotate it before.',
    );
    expect(summaryOf('key.leaked', { name: 'ci', revoked: true })).toContain('is revoked');
    expect(summaryOf('key.leaked', { name: 'ci', revoked: false })).toContain('old secret');
    expect(summaryOf('key.anomaly', { summary: 'In two places.' })).toBe('In two places.');
  });

  it('needs no fact, and knows what it does not know', () => {
    for (const kind of ['budget.threshold', 'project.debt', 'key.models', 'budget.would-refuse'])
      expect(summaryOf(kind, {})).toMatch(/\.$/);
    expect(summaryOf('vault.something-new', { a: 1 })).toBe('vault.something-new');
    expect(summaryOf('toString', {})).toBe('toString');
  });
});
