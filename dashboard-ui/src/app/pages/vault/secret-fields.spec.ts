import {
  fieldNameProblem,
  fieldValueProblem,
  filledFields,
  hostsProblem,
  typedHosts,
} from './secret-fields';

describe('fields of a provider secret', () => {
  it('sends only what was filled in', () => {
    expect(
      filledFields([
        { name: 'AWS_ACCESS_KEY_ID', value: 'AKIA' },
        { name: 'AWS_SESSION_TOKEN', value: '' },
      ]),
    ).toEqual({ AWS_ACCESS_KEY_ID: 'AKIA' });
  });

  it('refuses what the server would refuse', () => {
    expect(fieldNameProblem('OPENAI_API_KEY')).toBeUndefined();
    expect(fieldNameProblem('openai')).toBeDefined();
    expect(fieldValueProblem('sk-abc/+=')).toBeUndefined();
    expect(fieldValueProblem('sk abc')).toBeDefined();
    expect(hostsProblem('api.openai.com, llm.internal:8443')).toBeUndefined();
    expect(hostsProblem('https://api.openai.com')).toContain('https://api.openai.com');
  });

  it('reads hosts however they are separated', () => {
    expect(typedHosts(' a.com,b.com\n c.com ')).toEqual(['a.com', 'b.com', 'c.com']);
  });
});
