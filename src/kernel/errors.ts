import type { RetiredKey } from './principal.js';

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
  KEY_REVOKED: 401,
  KEY_BLOCKED: 401,
  KEY_EXPIRED: 401,
  KEY_ENVIRONMENT: 403,
  KEY_ADDRESS_REFUSED: 403,
  PROOF_REQUIRED: 401,
  PROOF_INVALID: 401,
  PROOF_EXPIRED: 401,
  PROOF_OF_OTHER_SESSION: 403,
  MODEL_NOT_ALLOWED: 403,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  PASSWORD_WRONG: 403,
  SETUP_TOKEN_INVALID: 403,
  SETUP_DONE: 409,
  EMAIL_TAKEN: 409,
  NAME_TAKEN: 409,
  LAST_OWNER: 409,
  LEASES_OPEN: 409,
  BUDGET_EXCEEDED: 402,
  BALANCE_TOO_LOW: 409,
  PROJECT_PAUSED: 423,
  PROJECT_ARCHIVED: 409,
  PROJECT_HAS_NO_SECRET: 409,
  SECRET_IN_USE: 409,
  TOO_MANY_SECRETS: 409,
  SECRET_UNREADABLE: 500,
  SECRET_ALTERED: 500,
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

/** Whoever asks again in a moment loses nothing. */
export function databaseDown(cause?: unknown): AppError {
  return new AppError(
    'UNAVAILABLE',
    'The database does not answer. Nothing was changed; try again in a moment.',
    { ...(cause !== undefined && { cause }), retryAfterSeconds: 2 },
  );
}

/** An unknown id and a wrong secret answer alike. */
export function keyInvalid(internal: string): AppError {
  return new AppError(
    'KEY_INVALID',
    'This Iron Cage key is not known here. Check that it is for this server, or create a new one in the dashboard.',
    { internal },
  );
}

/** Only for who showed the whole right secret: to anybody else the key is not known. */
export function keyRetired(reason: RetiredKey): AppError {
  const internal = `key is ${reason}`;
  switch (reason) {
    case 'revoked':
      return new AppError(
        'KEY_REVOKED',
        'This Iron Cage key was revoked. Create a new one in the dashboard.',
        { internal },
      );
    case 'blocked':
      return new AppError(
        'KEY_BLOCKED',
        'This Iron Cage key is blocked, because it was used in a way that its project does not allow. The dashboard (Agents) says why; somebody there can release it.',
        { internal },
      );
    case 'replaced':
      return new AppError(
        'KEY_REVOKED',
        'This is the old secret of a key that was rotated, and its overlap is over. Use the new one.',
        { internal },
      );
    case 'expired':
      return new AppError(
        'KEY_EXPIRED',
        'This Iron Cage key has expired. Rotate it in the dashboard, or create a new one.',
        { internal },
      );
    case 'foreign':
      return new AppError(
        'KEY_ENVIRONMENT',
        'This key is for another environment than its project: a live project takes ic_live_ keys only, a dev project ic_dev_ keys only.',
        { internal },
      );
  }
}
