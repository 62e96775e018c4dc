import {
  BudgetExceededError,
  ConfigurationError,
  ForbiddenError,
  KeyRevokedError,
  LeaseUnavailableError,
  NoSecretError,
  ProjectPausedError,
  ServerError,
  SessionEndedError,
  SessionKilledError,
  VelocityExceededError,
} from '../errors/catalogue.js';
import { budgetSentence, velocitySentence } from '../errors/limit-sentences.js';
import type { IronCageError, IronCageErrorOptions } from '../errors/iron-cage-error.js';
import type { WireError } from './protocol.js';

const stoppedSentence = {
  PROJECT_PAUSED: 'The project is paused: no call may leave until somebody resumes it.',
  PROJECT_ARCHIVED:
    'The project is archived: no call may leave any more. Use a key of another project.',
};

/** Turns a refusal of the server into the error that the agent gets. */
export function errorOfRefusal(
  status: number,
  refusal: WireError,
  retryAfterMs?: number,
): IronCageError {
  const options = optionsOf(status, refusal, retryAfterMs);
  switch (refusal.code) {
    case 'KEY_MALFORMED':
      return new ConfigurationError('The server does not accept the form of this key.', options);
    case 'KEY_INVALID':
      return new KeyRevokedError(
        'This Iron Cage key is unknown, expired, blocked or revoked. Ask for a new one.',
        options,
      );
    case 'KEY_REVOKED':
    case 'KEY_BLOCKED':
    case 'KEY_EXPIRED':
      return new KeyRevokedError(refusal.message, options);
    case 'FORBIDDEN':
    case 'KEY_ENVIRONMENT':
    case 'KEY_ADDRESS_REFUSED':
    case 'MODEL_NOT_ALLOWED':
      return new ForbiddenError(`The server refused: ${refusal.message}`, options);
    case 'BUDGET_EXCEEDED':
      return new BudgetExceededError(budgetSentence(refusal.details ?? {}), options);
    case 'VELOCITY_EXCEEDED':
      return new VelocityExceededError(velocitySentence(options.details ?? {}), options);
    case 'PROJECT_PAUSED':
    case 'PROJECT_ARCHIVED':
      return new ProjectPausedError(stoppedSentence[refusal.code], options);
    case 'PROJECT_HAS_NO_SECRET':
      return new NoSecretError(refusal.message, options);
    case 'SESSION_ENDED':
      return new SessionEndedError('The server ended this session.', options);
    case 'SESSION_KILLED':
      return new SessionKilledError('Somebody stopped this session: no call may leave.', options);
    case 'TOO_MANY_LEASES':
      return new LeaseUnavailableError(
        'Too many leases are open for this key; wait until some have been settled.',
        options,
      );
    default:
      return new ServerError(`The server refused (${refusal.code}): ${refusal.message}`, options);
  }
}

function optionsOf(
  status: number,
  refusal: WireError,
  retryAfterMs: number | undefined,
): IronCageErrorOptions {
  return {
    status,
    details: {
      ...refusal.details,
      ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: retryAfterMs / 1_000 }),
    },
    ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
  };
}

const statusOfNext: Readonly<Record<string, number>> = {
  KEY_INVALID: 401,
  PROJECT_PAUSED: 423,
  PROJECT_ARCHIVED: 409,
  SESSION_ENDED: 410,
  SESSION_KILLED: 410,
  TOO_MANY_LEASES: 429,
  VELOCITY_EXCEEDED: 429,
};

/** A refused `next` comes inside the answer to a report and has no status of its own. */
export function errorOfNext(refusal: WireError): IronCageError {
  return errorOfRefusal(statusOfNext[refusal.code] ?? 402, refusal);
}
