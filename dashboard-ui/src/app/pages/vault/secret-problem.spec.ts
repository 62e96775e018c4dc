import { problemName, problemText } from './secret-problem';

describe('the problem of a secret', () => {
  it('has a name and says what to do', () => {
    expect(problemName('SECRET_ALTERED')).toBe('Altered');
    expect(problemText('SECRET_ALTERED')).toContain('store it anew');
  });

  it('that is new here is shown by its code', () => {
    expect(problemName('SOMETHING_ELSE')).toBe('SOMETHING_ELSE');
    expect(problemText('SOMETHING_ELSE')).toBe('');
  });
});
