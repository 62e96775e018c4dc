import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { ThrottlerException } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode } from '../../kernel/errors.js';
import type { Logger } from '../telemetry/index.js';

/** The one place where a failure becomes an answer. Internal text goes to the log only. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const refusal = asRefusal(error);
    const context = { requestId: request.id, req: request, err: error };
    if (refusal.status >= 500) this.logger.error(context, 'request failed');
    else if (refusal.internal !== undefined) this.logger.info(context, 'request refused');
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (refusal.retryAfterSeconds !== undefined)
      void reply.header('retry-after', refusal.retryAfterSeconds);
    const body = {
      error: {
        code: refusal.code,
        message: refusal.message,
        requestId: request.id,
        ...(refusal.details && { details: refusal.details }),
      },
    };
    // A handler may have set another type before it failed. Text goes out as it is: the contract describes the answer, not the refusal.
    void reply
      .status(refusal.status)
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(body));
  }
}

const BY_STATUS: Readonly<Record<number, [ErrorCode, string]>> = {
  400: ['BODY_MALFORMED', 'The body is not valid JSON.'],
  404: ['NOT_FOUND', 'There is no such route; /api/docs lists them.'],
  405: ['METHOD_NOT_ALLOWED', 'This route does not know that method; /api/docs lists them.'],
  413: ['BODY_TOO_LARGE', 'The body is larger than one megabyte.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Send JSON with "Content-Type: application/json".'],
};

function asRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ThrottlerException) {
    return new AppError('RATE_LIMITED', 'Too many requests; wait a minute and try again.', {
      retryAfterSeconds: 60,
    });
  }
  const known = BY_STATUS[statusOf(error)];
  if (known) return new AppError(known[0], known[1], { cause: error });
  return new AppError(
    'INTERNAL',
    'Something went wrong on our side; the log has the details under this request id.',
    { cause: error },
  );
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  // Fastify's own errors (body too large, malformed JSON, unknown media type).
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}
