import type { Schemas } from '../../api/client';
import { oddityOf } from './key-table';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const key = (change: Partial<Schemas['Key']>): Schemas['Key'] => ({
  id: 'abcdefgh',
  name: 'ci',
  prefix: 'ic_dev_abcdefgh',
  environment: 'dev',
  projectId: 'p',
  projectName: 'P',
  state: 'active',
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
    ['an expiry within two weeks', key({ expiresAt: '2026-12-01T00:00:00Z' }), 'Expires soon'],
    ['nothing once it is revoked', key({ state: 'revoked', lastUsedAt: null }), undefined],
  ])('%s', (_, subject, oddity) => {
    expect(oddityOf(subject, NOW)).toBe(oddity);
  });
});
