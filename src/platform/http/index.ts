export { AccessGuard } from './access.guard.js';
export { AnswerInterceptor } from './answer.interceptor.js';
export { Authenticator } from './authenticator.js';
export { ErrorFilter } from './error.filter.js';
export { type EventStream, openEventStream } from './event-stream.js';
export { Caller, Handles, Input, type IronCageRequest, ROUTE, routeOf } from './handles.js';
export { HealthController } from './health.controller.js';
export { MetricsController } from './metrics.controller.js';
export { HOT_STORE, VERSION } from './tokens.js';
