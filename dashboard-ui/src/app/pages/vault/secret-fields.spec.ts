import {
  fieldNameProblem,
  fieldValueProblem,
  filledFields,
  headerProblem,
  hostsProblem,
  pathsProblem,
  shownHeader,
  typedHeader,
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

  it('reads the header that carries the secret', () => {
    expect(typedHeader(' ')).toBeNull();
    expect(typedHeader('X-Api-Key:{secret}')).toEqual({ name: 'x-api-key', value: '{secret}' });
    expect(typedHeader('authorization: Bearer {MY_KEY} ')).toEqual({
      name: 'authorization',
      value: 'Bearer {MY_KEY}',
    });
    expect(typedHeader('authorization: Bearer')).toBeUndefined();
    expect(typedHeader('{secret}')).toBeUndefined();
    expect(headerProblem('{secret}')).toContain('name: value');
    expect(headerProblem('')).toBeUndefined();
  });

  it('shows a header as it is typed', () => {
    const header = { name: 'x-api-key', value: 'Key {secret}' };
    expect(typedHeader(shownHeader(header))).toEqual(header);
    expect(shownHeader(null)).toBe('');
  });

  it('refuses paths that are none', () => {
    expect(pathsProblem('/v1/, /status')).toBeUndefined();
    expect(pathsProblem('v1')).toContain('v1');
    expect(pathsProblem('/v1?x=1')).toBeDefined();
  });

  it('reads hosts however they are separated', () => {
    expect(typedHosts(' a.com,b.com\n c.com ')).toEqual(['a.com', 'b.com', 'c.com']);
  });
});
