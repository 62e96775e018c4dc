import { HttpErrorResponse } from '@angular/common/http';
import type { components } from './schema';

export interface ApiError {
  readonly status: number;
  readonly code: string;
  /** Says what to do; may be shown as it is. */
  readonly message: string;
  /** What to quote to whoever runs the server. */
  readonly requestId: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

type ErrorBody = components['schemas']['Error'];

export function apiError(cause: unknown): ApiError {
  if (!(cause instanceof HttpErrorResponse))
    return {
      status: 0,
      code: 'CLIENT',
      message: 'Something went wrong in this page. Reload it and try again.',
      requestId: undefined,
    };
  const body: unknown = cause.error;
  if (isErrorBody(body)) {
    const { code, message, requestId, details } = body.error;
    return {
      status: cause.status,
      code,
      message: withIssue(message, details),
      requestId,
      details,
    };
  }
  if (cause.status === 0)
    return {
      status: 0,
      code: 'UNREACHABLE',
      message: 'The server cannot be reached. Check that it runs and that you are connected.',
      requestId: undefined,
    };
  return {
    status: cause.status,
    code: 'UNEXPECTED',
    message: `The server answered with status ${cause.status}. Try again in a moment.`,
    requestId: undefined,
  };
}

/** A refused form says which field is wrong. */
function withIssue(message: string, details: Record<string, unknown> | undefined): string {
  const issues = details?.['issues'];
  const first: unknown = Array.isArray(issues) ? issues[0] : undefined;
  if (typeof first !== 'object' || first === null || !('message' in first)) return message;
  const issue = String(first.message);
  return message.includes(issue) ? message : `${message} ${issue}`;
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
  );
}
