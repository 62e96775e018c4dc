import { instantOf, named, parts, typedInstant } from './audit-view';

describe('an audit event', () => {
  it('says the name, or else the end of the id', () => {
    const id = '0190b2c4-0000-7000-8000-0123456789ab';
    expect(named(`user:${id}`, 'Ada')).toEqual({ name: 'Ada', kind: '' });
    expect(named(`project:${id}`, 'Contract review')).toEqual({
      name: 'Contract review',
      kind: 'project',
    });
    expect(named(`budget-request:${id}`, null)).toEqual({
      name: '…456789ab',
      kind: 'budget request',
    });
    expect(named('month:2026-11', null)).toEqual({ name: '2026-11', kind: 'month' });
    expect(named('leak-report', null)).toEqual({ name: 'Leak report', kind: '' });
  });

  it('breaks its action after the dot', () => {
    expect(parts('price.override-remove')).toEqual(['price.', 'override-remove']);
    expect(parts('pause')).toEqual(['', 'pause']);
  });

  it('is filtered by a time only when it is one', () => {
    expect(instantOf('2026-11-23T13:00:00.000Z')).toBe(Date.UTC(2026, 10, 23, 13));
    expect(instantOf('yesterday')).toBeUndefined();
    expect(instantOf(undefined)).toBeUndefined();
  });

  it('takes a date when its year is complete', () => {
    expect(typedInstant('0202-11-23T14:32')).toBeUndefined();
    expect(typedInstant('2026-11-23T14:32')).toBe(new Date('2026-11-23T14:32').toISOString());
    expect(typedInstant('')).toBe('');
  });
});
