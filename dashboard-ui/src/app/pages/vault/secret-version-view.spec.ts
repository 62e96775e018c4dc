import type { Schemas } from '../../api/client';
import { liveText, versionState } from './secret-version-view';

const version = (change: Partial<Schemas['SecretVersion']>): Schemas['SecretVersion'] => ({
  version: 1,
  state: 'earlier',
  fields: [],
  liveSessions: 0,
  safeToDelete: true,
  createdBy: 'user:1',
  createdByName: 'Rosa',
  createdAt: '2026-11-23T09:00:00.000Z',
  destroyedAt: null,
  ...change,
});

describe('a version of a secret', () => {
  it('says whether it can go', () => {
    expect(versionState(version({})).text).toBe('Safe to delete');
    expect(versionState(version({ safeToDelete: false, liveSessions: 2 })).text).toBe('Still held');
    expect(versionState(version({ state: 'current' })).text).toBe('Handed out');
    expect(versionState(version({ state: 'destroyed' })).text).toBe('Destroyed');
  });

  it('counts who holds it', () => {
    expect(liveText(version({}))).toBe('Held by no agent');
    expect(liveText(version({ liveSessions: 1 }))).toBe('Held by 1 agent');
    expect(liveText(version({ liveSessions: 3 }))).toBe('Held by 3 agents');
  });
});
