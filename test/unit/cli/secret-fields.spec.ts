import { fieldsFromEnvironment, fieldsFromText } from '../../../src/cli/secret-fields.js';

const variables: Record<string, string> = {
  OPENAI_API_KEY: 'sk-1\n',
  MINE: 'sk-2',
  KEY_ID: 'AKIA',
  KEY: 'shh',
};
const variable = (name: string): string | undefined => variables[name];
const AWS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

describe('values from the environment', () => {
  it('takes a variable of the same name, or any for the only field', () => {
    expect(fieldsFromEnvironment(['OPENAI_API_KEY'], ['OPENAI_API_KEY'], variable)).toEqual({
      OPENAI_API_KEY: 'sk-1',
    });
    expect(fieldsFromEnvironment(['MINE'], ['OPENAI_API_KEY'], variable)).toEqual({
      OPENAI_API_KEY: 'sk-2',
    });
  });

  it('maps several fields', () => {
    const given = ['AWS_ACCESS_KEY_ID=KEY_ID', 'AWS_SECRET_ACCESS_KEY=KEY'];
    expect(fieldsFromEnvironment(given, AWS, variable)).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'shh',
    });
  });

  it('refuses a variable that is not set, and a field that nobody reads', () => {
    expect(() => fieldsFromEnvironment(['NOPE'], ['OPENAI_API_KEY'], variable)).toThrow(
      'NOPE is not set',
    );
    expect(() => fieldsFromEnvironment(['KEY'], AWS, variable)).toThrow(
      'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY',
    );
  });
});

describe('values from standard input', () => {
  it('takes the bare value of the only field', () => {
    expect(fieldsFromText('sk-abc\r\n', ['OPENAI_API_KEY'])).toEqual({ OPENAI_API_KEY: 'sk-abc' });
    expect(fieldsFromText('OPENAI_API_KEY=sk-abc', ['OPENAI_API_KEY'])).toEqual({
      OPENAI_API_KEY: 'sk-abc',
    });
  });

  it('takes one assignment on each line', () => {
    expect(fieldsFromText('AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY=a=b\n', AWS)).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'a=b',
    });
    expect(() => fieldsFromText('AKIA', AWS)).toThrow('FIELD=value');
    expect(() => fieldsFromText('AWS_ACCESS_KEYID=x', AWS)).toThrow('not a field');
  });
});
