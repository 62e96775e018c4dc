import type { Schemas } from '../../api/client';
import { narrowed, oddityOf, usedFrom } from './key-view';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const key = (change: Partial<Schemas['Key']>): Schemas['Key'] => ({
  id: 'abcdefgh',
  name: 'ci',
  prefix: 'ic_dev_abcdefgh',
  environment: 'dev',
  projectId: 'p',
  projectName: 'P',
  state: 'active',
  scopes: ['bootstrap', 'lease', 'report', 'listen'],
  allowedAddresses: [],
  models: [],
  requestsPerMinute: null,
  expiresSoon: false,
  rotatedAt: null,
  oldSecretUntil: null,
  recentAddresses: [],
  createdAt: '2026-09-01T00:00:00Z',
  expiresAt: '2027-03-01T00:00:00Z',
  lastUsedAt: '2026-11-23T11:00:00Z',
  revokedAt: null,
  ...change,
});

describe('what is odd about a key', () => {
  it.each([
    ['nothing when it is used', key({}), undefined],
    ['never used since it was made days ago', key({ lastUsedAt: null }), 'Never used'],
    [
      'not on its first day',
      key({ lastUsedAt: null, createdAt: '2026-11-23T11:00:00Z' }),
      undefined,
    ],
    ['no use for a month', key({ lastUsedAt: '2026-10-01T00:00:00Z' }), 'Unused for 30 days'],
    ['that the server says it expires soon', key({ expiresSoon: true }), 'Expires soon'],
    [
      'that it expires soon, also when it was never used',
      key({ expiresSoon: true, lastUsedAt: null, createdAt: '2026-11-23T11:00:00Z' }),
      'Expires soon',
    ],
    ['nothing once it is revoked', key({ state: 'revoked', lastUsedAt: null }), undefined],
  ])('%s', (_, subject, oddity) => {
    expect(oddityOf(subject, NOW)).toBe(oddity);
  });
});

describe('where a key was used', () => {
  const seen = (...addresses: string[]) =>
    usedFrom({
      recentAddresses: addresses.map((address) => ({
        address,
        lastUsedAt: '2026-11-23T11:00:00Z',
      })),
    });

  it('names the newest address and counts the others', () => {
    expect(seen()).toEqual({ from: '', all: '' });
    expect(seen('192.0.2.1')).toEqual({ from: '192.0.2.1', all: '192.0.2.1' });
    expect(seen('192.0.2.1', '192.0.2.2', '::1')).toEqual({
      from: '192.0.2.1 and 2 more',
      all: '192.0.2.1, 192.0.2.2, ::1',
    });
  });
});

describe('how a key is narrowed', () => {
  it('says nothing of one that may do everything', () => {
    expect(narrowed(key({}), NOW)).toBe('');
  });

  it('names models, addresses, rate, scopes and the end of the old secret', () => {
    const text = narrowed(
      key({
        models: ['gpt-5*', 'claude-*'],
        allowedAddresses: ['10.0.0.0/8', '::1', '192.0.2.7'],
        requestsPerMinute: 600,
        scopes: ['bootstrap', 'lease'],
        oldSecretUntil: '2026-11-23T12:30:00Z',
      }),
      NOW,
    );
    expect(text).toMatch(
      /^only gpt-5\*, claude-\* · from 10\.0\.0\.0\/8 and 2 more · 600 requests a minute · may bootstrap, lease · old secret works until \d\d:30 /,
    );
  });

  it('forgets an old secret that does not work any more', () => {
    expect(narrowed(key({ oldSecretUntil: '2026-11-23T11:59:59Z' }), NOW)).toBe('');
  });
});
