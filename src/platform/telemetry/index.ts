export { createLogger, type Logger, NestLogger } from './logger.js';
export { Metrics } from './metrics.js';
export { redact } from './redact.js';

/** Injection token of the process's logger. */
export const LOGGER = Symbol('Logger');
