import { Jobs } from '../../src/platform/jobs/index.js';
import { createLogger, Metrics } from '../../src/platform/telemetry/index.js';

/** Jobs that never begin by themselves: a test calls their work when it wants it. */
export function idleJobs(): Jobs {
  return new Jobs(createLogger('silent'), new Metrics());
}
