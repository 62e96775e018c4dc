export { type Config, readConfig } from './config.js';
export { type KeyConfig, keyConfig } from './key-config.js';
export { DEFAULT_RATE_LIMITS, type RateLimitSettings } from './rate-limits.js';
export { type StartupCode, StartupError } from './startup-error.js';

/** Injection token of the {@link Config}. */
export const CONFIG = Symbol('Config');
export { SetupTokenFile } from './setup-token-file.js';
