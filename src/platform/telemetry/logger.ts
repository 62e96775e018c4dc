import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import { redact } from './redact.js';

export type { Logger };

/**
 * JSON lines on standard output. Objects are never logged as they come: each kind has a serializer that lists what may be seen.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError, req: describeRequest, res: describeResponse },
    hooks: {
      logMethod(args, method) {
        method.apply(
          this,
          args.map((arg: unknown) => (typeof arg === 'string' ? redact(arg) : arg)) as Parameters<
            typeof method
          >,
        );
      },
    },
  });
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: redact(String(error)) };
  const { code, internal } = error as { code?: unknown; internal?: unknown };
  return {
    type: error.name,
    message: redact(error.message),
    ...(typeof code === 'string' && { code }),
    ...(typeof internal === 'string' && { internal: redact(internal) }),
    stack: redact(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

function describeRequest(request: {
  method?: string;
  url?: string;
  ip?: string;
}): Record<string, unknown> {
  // Without the query string: people paste secrets there.
  return {
    method: request.method,
    path: redact((request.url ?? '').split('?')[0] ?? ''),
    ip: request.ip,
  };
}

function describeResponse(response: { statusCode?: number }): Record<string, unknown> {
  return { status: response.statusCode };
}

/** Nest's own messages go the same way; its start-up chatter only at debug level. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(
      { context: rest.at(-1), ...(message instanceof Error && { err: message }) },
      String(message),
    );
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }
}
