import { z } from 'zod';
import { piiChange, piiPolicy } from '../kernel/pii-policy.js';
import { SENDER_BINDINGS } from '../kernel/principal.js';
import { unboundedRule } from '../kernel/unbounded-rule.js';
import { positiveMoney } from '../kernel/wire.js';

const policyShape = {
  trancheSize: positiveMoney.describe('Most that an ordinary lease holds.'),
  leaseTtlSeconds: z.int().min(10).max(86_400),
  graceSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .describe('How long an expired lease is held before the rest goes back.'),
  expiry: z
    .enum(['return', 'charge'])
    .describe('What happens to the unreported rest after the grace time.'),
  maxOpenLeases: z.int().min(1).max(10_000).describe('Open leases that one key may hold.'),
  reportIntervalSeconds: z.int().min(1).max(3_600),
  mode: z
    .enum(['enforce', 'observe'])
    .describe('observe: nothing is refused for lack of money; what would have been is recorded.'),
  unbounded: unboundedRule,
  velocityLimit: positiveMoney
    .nullable()
    .describe('Most that may be leased in a minute; null: no limit.'),
  environment: z
    .enum(['any', 'dev', 'live'])
    .describe('Which keys may run here; live: an ic_dev_ key gets no secret and no money of it.'),
  senderBinding: z
    .enum(SENDER_BINDINGS)
    .describe(
      'required: every request of a session carries its proof, so that a stolen key alone acts for no running session.',
    ),
};

export const policyView = z.object({ ...policyShape, pii: piiPolicy }).meta({ id: 'Policy' });
const changeShape = { ...policyShape, pii: piiChange };
export const policyChange = z.strictObject(changeShape).partial().meta({ id: 'PolicyChange' });
