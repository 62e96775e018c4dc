/**
 * The catalogue of everything that can be refused. A code is stable for ever: clients branch on it. Retired codes are not reused.
 * The sentence of an error says what to do next; internal detail goes to the log only.
 */
export const ERROR_STATUS = {
  VALIDATION_FAILED: 422,
  BODY_MALFORMED: 400,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  NOT_SIGNED_IN: 401,
  LOGIN_FAILED: 401,
  TOKEN_INVALID: 401,
  KEY_MALFORMED: 401,
  KEY_INVALID: 401,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  SETUP_TOKEN_INVALID: 403,
  SETUP_DONE: 409,
  EMAIL_TAKEN: 409,
  NAME_TAKEN: 409,
  BUDGET_EXCEEDED: 402,
  BALANCE_TOO_LOW: 409,
  PROJECT_PAUSED: 423,
  PROJECT_ARCHIVED: 409,
  PROJECT_HAS_NO_SECRET: 409,
  SECRET_IN_USE: 409,
  SECRET_UNREADABLE: 500,
  SECRET_SOURCE_UNAVAILABLE: 503,
  VAULT_SEALED: 503,
  KEK_MISSING: 503,
  SESSION_ENDED: 410,
  SESSION_KILLED: 410,
  TOO_MANY_LEASES: 429,
  VELOCITY_EXCEEDED: 429,
  TOO_MANY_REQUESTS_OPEN: 429,
  RATE_LIMITED: 429,
  KEY_EXCHANGE_FAILED: 422,
  PROTOCOL_UNSUPPORTED: 422,
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface ErrorOptions {
  /** Machine-readable facts for the client. */
  details?: Record<string, unknown>;
  /** For the log, never for the client. */
  internal?: string;
  cause?: unknown;
  /** Sent as `Retry-After`. */
  retryAfterSeconds?: number;
}

/** A refusal that a client is told about: a catalogue code and a sentence that says what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly status: number;
  readonly details: Record<string, unknown> | undefined;
  readonly internal: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = ERROR_STATUS[code];
    this.details = options.details;
    this.internal = options.internal;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** What is not there and what is not yours answer alike. */
export function notFound(what: string): AppError {
  return new AppError(
    'NOT_FOUND',
    `There is no such ${what}. Check the id; it may belong to another organization.`,
  );
}

/** Unknown, wrong, revoked and expired keys answer alike. */
export function keyInvalid(internal: string): AppError {
  return new AppError(
    'KEY_INVALID',
    'This Iron Cage key is not valid: it does not exist, was revoked, or has expired. Create a new one in the dashboard.',
    { internal },
  );
}
