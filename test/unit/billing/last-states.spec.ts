import { LastStates } from '../../../src/billing/leases/last-states.js';
import { AGENT_PERMISSIONS } from '../../../src/kernel/permissions.js';
import type { AgentPrincipal } from '../../../src/kernel/principal.js';

const agent = (organizationId: string, keyId: string): AgentPrincipal => ({
  kind: 'agent',
  organizationId,
  projectId: 'p',
  keyId,
  environment: 'live',
  models: [],
  requestsPerMinute: null,
  senderBinding: 'off',
  retired: undefined,
  permissions: AGENT_PERMISSIONS,
});

describe('what sessions were told last', () => {
  let nowMs: number;
  let states: LastStates<string>;
  beforeEach(() => {
    nowMs = 0;
    states = new LastStates({ now: () => nowMs });
  });

  it('is known for a minute, to the key of the session only', () => {
    states.note({ id: 's', organizationId: 'a', keyId: 'k' }, 'active');
    nowMs = 59_999;
    expect(states.of(agent('a', 'k'), 's')).toBe('active');
    expect(states.of(agent('a', 'other'), 's')).toBeUndefined();
    expect(states.of(agent('b', 'k'), 's')).toBeUndefined();
    expect(states.of(agent('a', 'k'), 'another')).toBeUndefined();
    nowMs = 60_000;
    expect(states.of(agent('a', 'k'), 's')).toBeUndefined();
  });

  it('is the newest, and of so many sessions', () => {
    states.note({ id: 'first', organizationId: 'a', keyId: 'k' }, 'active');
    states.note({ id: 's', organizationId: 'a', keyId: 'k' }, 'active');
    states.note({ id: 'first', organizationId: 'a', keyId: 'k' }, 'paused');
    for (let i = 0; i < 9_999; i++)
      states.note({ id: `session ${i}`, organizationId: 'a', keyId: 'k' }, 'active');
    expect(states.of(agent('a', 'k'), 'first')).toBe('paused');
    expect(states.of(agent('a', 'k'), 's')).toBeUndefined();
  });
});
