import { z } from 'zod';

/** What agents do with calls whose cost is not in the request: files by their id, earlier answers, tools of the provider. */
export const unboundedRule = z
  .enum(['cap', 'block'])
  .describe('Calls whose cost is not in the request. cap: set the most aside; block: refuse.');
