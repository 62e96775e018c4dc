import type { Schemas } from '../../api/client';
import type { Tone } from '../../ui';

type State = Schemas['Lease']['state'];

export const leaseTone: Record<State, Tone> = {
  PENDING: 'accent',
  SETTLED: 'ok',
  REVOKED: 'bad',
  EXPIRED_HOLD: 'warn',
  RETURNED: 'neutral',
  CHARGED: 'warn',
};
export const leaseLabel: Record<State, string> = {
  PENDING: 'Open',
  SETTLED: 'Settled',
  REVOKED: 'Revoked',
  EXPIRED_HOLD: 'Held',
  RETURNED: 'Returned',
  CHARGED: 'Charged',
};
export const leaseMeaning: Record<State, string> = {
  PENDING: 'An agent holds this money now.',
  SETTLED: 'The agent reported what it used; the rest went back.',
  REVOKED: 'Somebody ended it. The unreported rest went back.',
  EXPIRED_HOLD:
    'Its time is over and the agent has not reported. The money is held for the grace time.',
  RETURNED: 'The agent never reported; after the grace time the rest went back.',
  CHARGED: 'The agent never reported; after the grace time the rest was charged.',
};
export const canBeRevoked = (state: State): boolean =>
  state === 'PENDING' || state === 'EXPIRED_HOLD';
