import fc from 'fast-check';
import { reached } from '../../../src/billing/domain/alerts.js';
import {
  appliesTo,
  type Budget,
  matchesGlob,
  roomOf,
} from '../../../src/billing/domain/budgets.js';

const budget: Budget = {
  id: 'b',
  scope: 'project',
  scopeId: 'p',
  scopeName: 'P',
  window: 'day',
  limit: 100n,
  models: [],
  tags: [],
};
const spender = { organizationId: 'o', projectId: 'p', keyId: 'k', memberId: 'm' };

describe('globs', () => {
  it.each([
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5-mini', false],
    ['gpt-5*', 'gpt-5-mini', true],
    ['GPT-*', 'gpt-5', true],
    ['*', '', true],
    ['*mini', 'gpt-5-mini', true],
    ['*mini', 'gpt-5-mini-high', false],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'ac', false],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['**', 'anything', true],
    ['claude-*-4-*', 'claude-haiku-4-5', true],
    ['gpt.5', 'gpt-5', false],
  ])('%s and %s: %s', (glob, text, matches) => {
    expect(matchesGlob(glob, text)).toBe(matches);
  });

  it('match as the same pattern does as a regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 12 });
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(glob, text, (pattern, subject) => {
        const expression = new RegExp(
          `^${pattern.replace(/[.-]/g, '\\$&').replace(/\*+/g, '[^]*')}$`,
          'i',
        );
        expect(matchesGlob(pattern, subject)).toBe(expression.test(subject));
      }),
      { numRuns: 2_000 },
    );
  });

  it('take no longer than the text is long', () => {
    const started = performance.now();
    expect(matchesGlob('*a'.repeat(49) + '*b', 'a'.repeat(200))).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });
});

describe('a budget applies', () => {
  it.each([
    ['organization', 'o', true],
    ['project', 'p', true],
    ['project', 'other', false],
    ['member', 'm', true],
    ['member', 'other', false],
    ['key', 'k', true],
    ['key', 'K', false],
  ] as const)('to its %s %s: %s', (scope, scopeId, applies) => {
    expect(appliesTo({ ...budget, scope, scopeId }, spender, {})).toBe(applies);
  });

  it('to no member when the key was made by none', () => {
    expect(
      appliesTo(
        { ...budget, scope: 'member', scopeId: 'null' },
        { ...spender, memberId: null },
        {},
      ),
    ).toBe(false);
  });

  it('to what could be anything, and to one of many', () => {
    const only = { ...budget, models: ['gpt-*'], tags: ['night'] };
    expect(appliesTo(only, spender, {})).toBe(true);
    expect(appliesTo(only, spender, { models: ['gpt-5'] })).toBe(true);
    expect(appliesTo(only, spender, { models: ['claude'], tags: ['night'] })).toBe(false);
    expect(appliesTo(only, spender, { models: ['gpt-5'], tags: ['day'] })).toBe(false);
    expect(appliesTo(only, spender, { models: ['claude', 'gpt-5'], tags: ['day', 'night'] })).toBe(
      true,
    );
    expect(appliesTo(only, spender, { models: [], tags: [] })).toBe(false);
  });
});

describe('thresholds', () => {
  it.each([
    [0n, 100n, 0],
    [49n, 100n, 0],
    [50n, 100n, 50],
    [74n, 100n, 50],
    [75n, 100n, 75],
    [90n, 100n, 90],
    [99n, 100n, 90],
    [100n, 100n, 100],
    [500n, 100n, 100],
    [0n, 0n, 0],
    [1n, 0n, 100],
    [4_000_000_000_000_000_000n, 4_000_000_000_000_000_001n, 90],
  ])('%s of %s reaches %s percent', (amount, limit, percent) => {
    expect(reached(amount, limit)).toBe(percent);
  });

  it('leave room that may be below zero', () => {
    expect(
      roomOf(budget, {
        budgetId: 'b',
        start: '2030-01-01',
        reserved: 60n,
        settled: 70n,
        alertedSpent: 0,
        alertedCommitted: 0,
      }),
    ).toBe(-30n);
  });
});
