import { checksumOf } from '../../sdk/src/identity/iron-cage-key.js';
import { findPii } from '../../sdk/src/safety/detect.js';

const types = new Set(['secret']);
const found = (text: string): string[] =>
  findPii(text, types).map(({ start, end }) => text.slice(start, end));

const letters = 'aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0cD2fG4hJ6kL8nP0rS2tU4wX6yZ';
const digits = '123456789012';
const hex = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const ours = `ic_live_8cAbZ123_${letters.slice(0, 32)}`;

/** Put together here, so that this file itself holds nothing that looks like a key. */
const keys: Record<string, string> = {
  OpenAI: `sk-proj-${letters}`,
  'OpenAI, old': `sk-${letters.slice(0, 48)}`,
  Anthropic: `sk-ant-api03-${letters}`,
  Google: `AIza${letters.slice(0, 35)}`,
  Groq: `gsk_${letters.slice(0, 52)}`,
  xAI: `xai-${letters}`,
  Perplexity: `pplx-${letters.slice(0, 48)}`,
  'Hugging Face': ['hf', 'abcDEFghiJKLmnoPQRstuVWXyzABCdefGH'].join('_'),
  Replicate: `r8_${letters.slice(0, 37)}`,
  OpenRouter: `sk-or-v1-${hex}`,
  AWS: ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  GitHub: `ghp_${letters.slice(0, 36)}`,
  'GitHub, fine-grained': `github_pat_${letters}`,
  GitLab: `glpat-${letters.slice(0, 20)}`,
  Slack: `xoxb-${digits}-${digits}-${letters.slice(0, 24)}`,
  Stripe: `sk_live_${letters.slice(0, 24)}`,
  SendGrid: `SG.${letters.slice(0, 22)}.${letters.slice(0, 43)}`,
  Shopify: `shpat_${hex.slice(0, 32)}`,
  npm: `npm_${letters.slice(0, 36)}`,
  PyPI: `pypi-${letters}${letters}`,
  DigitalOcean: `dop_v1_${hex}`,
  'HashiCorp Vault': `hvs.${letters}`,
  Grafana: `glsa_${letters.slice(0, 32)}_${hex.slice(0, 8)}`,
  Telegram: `123456789:AA${letters.slice(0, 33)}`,
  JWT: `eyJ${letters.slice(0, 20)}.eyJ${letters}.${letters}`,
  'Iron Cage': ours + checksumOf(ours),
};

describe('keys', () => {
  it.each(Object.entries(keys))('of %s are found, whatever stands around', (_vendor, key) => {
    for (const text of [key, `use ${key}, please`, `{"k":"${key}"}`, `x=${key}&y=1`, `(${key})`]) {
      expect(found(text)).toEqual([key]);
    }
  });

  it('in PEM are found as a whole', () => {
    const algorithm = 'RSA';
    const block = `-----BEGIN ${algorithm} PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END ${algorithm} PRIVATE KEY-----`;
    expect(found(`before\n${block}\nafter`)).toEqual([block]);
    expect(found('-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----')).toEqual([]);
  });

  it.each([
    `AccountKey=${letters}==`,
    `https://hooks.slack.com/services/T00000000/B00000000/${letters.slice(0, 24)}`,
    `https://x.blob.core.windows.net/c?sv=2020&sig=${letters.slice(0, 43)}%3D`,
  ])('in a link or connection string: %s', (text) => {
    expect(found(text)).toHaveLength(1);
  });
});

describe('values that are called a secret', () => {
  it.each([
    ['DB_PASS = "KfX3813SO9l"', 'KfX3813SO9l'],
    ['db-password: "$aQgXaT@9"', '$aQgXaT@9'],
    ['dbPass: "lBJ#KTVF"', 'lBJ#KTVF'],
    ['pass := "$NLl1zTb"', '$NLl1zTb'],
    ["IDENTIFIED BY 'hciDbnBBb2uAv9'", 'hciDbnBBb2uAv9'],
    ['PASSWORD=letmein', 'letmein'],
    ['?user=x&password=abc123&y=1', 'abc123'],
    ['{\\"password\\": \\"hunter22\\"}', 'hunter22'],
    ['my password is Tr0ub4dor&3.', 'Tr0ub4dor&3'],
    ['**Password:** Sommer2024!', 'Sommer2024!'],
    ['api_key = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"', '9f8e7d6c5b4a39281706f5e4d3c2b1a0'],
    [`clientSecret: '${letters.slice(0, 30)}'`, letters.slice(0, 30)],
    [`Authorization: Bearer ${letters.slice(0, 40)}`, letters.slice(0, 40)],
    ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['postgres://app:s3cr3t-pw@db.example.com/x', 's3cr3t-pw'],
    ['Passwort: geheim99', 'geheim99'],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    'password: string',
    '"password": "Password"',
    '"password": "Enter your password"',
    'password=${DB_PASSWORD}',
    'password: {{ vault.db }}',
    'password: ********',
    'PASSWORD=changeme',
    'token: true',
    'bypass: 12345abc',
    'compass=north12',
    'tokens: 123456789012345678',
    'max_tokens=4096',
    'eos_token: "<|endoftext|>"',
    'secret = os.environ["SECRET_TOKEN_12345"]',
    'const token = makeToken(user12345678901);',
    'api_key="sk-live-91cf182606f1" (dummy test token)',
    'Reset your password to continue.',
    'the password was wrong',
    'https://example.com:8080/@user',
    'public_key = 9f8e7d6c5b4a39281706f5e4d3c2b1a0',
    'sk-learn-contrib, sk-SK, disk-usage-12345678901',
    'pk_live_51H8xYz', // meant to be published
  ])('not in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
