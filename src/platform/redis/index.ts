export { type HotStore, openHotStore } from './hot-store.js';
export { LocalSignals, type Signal, Signals, type Topic, TOPICS } from './signals.js';
export { RedisThrottlerStorage } from './throttler-storage.js';
