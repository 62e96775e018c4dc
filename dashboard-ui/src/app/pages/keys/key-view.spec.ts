import type { Schemas } from '../../api/client';
import { oddityOf, usedFrom } from './key-table';

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
