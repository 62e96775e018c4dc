import type { z } from 'zod';
import type { anomalyPolicy } from '../anomalies.contract.js';

export type AnomalyPolicy = z.output<typeof anomalyPolicy>;

/**
 * Until somebody says otherwise. Agents of one company in one private network share keys and have many addresses there; a key that is
 * used there and somewhere else at once is another matter.
 */
export const DEFAULT_POLICY: AnomalyPolicy = {
  addresses: 'block',
  velocity: 'alert',
  groups: [
    {
      name: 'Private networks',
      ranges: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
    },
  ],
};
