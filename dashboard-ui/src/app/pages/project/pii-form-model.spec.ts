import { parsePatterns, PII_FIELDS, piiChange, piiModel } from './pii-form-model';

const actions = Object.fromEntries(PII_FIELDS.map(({ type }) => [type, 'off'])) as ReturnType<
  typeof piiModel
>['actions'];
const employee = { name: 'EMPLOYEE_ID', action: 'redact' as const, pattern: 'EMP-\\d{5} or more' };
const before = piiModel({ ...actions, email: 'block', restore: true, patterns: [employee] });

describe('form for personal data', () => {
  it('shows patterns as people type them, and reads them again', () => {
    expect(before.patterns).toBe('EMPLOYEE_ID redact EMP-\\d{5} or more');
    expect(parsePatterns(`\n${before.patterns}\n\n`)).toEqual([employee]);
    expect(parsePatterns('EMPLOYEE_ID EMP')).toBe('EMPLOYEE_ID EMP');
  });

  it('sends only what changed', () => {
    expect(piiChange(before, before)).toEqual({});
    const after = {
      actions: { ...before.actions, phone: 'warn' as const },
      restore: 'off' as const,
      patterns: '',
    };
    expect(piiChange(before, after)).toEqual({ phone: 'warn', restore: false, patterns: [] });
  });
});
