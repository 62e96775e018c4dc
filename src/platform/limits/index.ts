export { RateLimits, type Taken } from './rate-limits.js';
export type { BucketRule } from './token-bucket.js';
