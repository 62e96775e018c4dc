import { BUCKETS } from '../../../src/billing/domain/pricing.js';
import { LISTED_UNITS } from '../../../src/billing/rates.contract.js';

it('the price list leaves nothing out that a call can be charged for', () => {
  expect(new Set(['input', 'cacheRead', 'output', ...LISTED_UNITS])).toEqual(
    new Set([...BUCKETS, 'calls']),
  );
});
