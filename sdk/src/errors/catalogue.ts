import { IronCageError } from './iron-cage-error.js';

/** `IRON_CAGE_KEY`, `IRON_CAGE_URL` or an option is missing or malformed. */
export class ConfigurationError extends IronCageError {
  static override readonly code = 'CONFIGURATION';
}
/** The project has no provider secret that this key may get. */
export class NoSecretError extends ConfigurationError {}
/** The Iron Cage key is unknown, expired, blocked or revoked. */
export class KeyRevokedError extends IronCageError {
  static override readonly code = 'KEY_REVOKED';
}
/** The key may not do this (for example: its IP rules do not admit this machine). */
export class ForbiddenError extends IronCageError {
  static override readonly code = 'FORBIDDEN';
}
/** The project (or its organization) is paused or archived. */
export class ProjectPausedError extends IronCageError {
  static override readonly code = 'PROJECT_PAUSED';
}
/** The call does not fit into what is left of a budget or of the balance. */
export class BudgetExceededError extends IronCageError {
  static override readonly code = 'BUDGET_EXCEEDED';
}
/** The project leases faster than its limit allows; `details.retryAfterSeconds` tells when to try again. */
export class VelocityExceededError extends IronCageError {
  static override readonly code = 'VELOCITY_EXCEEDED';
}
/** No lease could be had: the server does not answer and nothing is left to spend. */
export class LeaseUnavailableError extends IronCageError {
  static override readonly code = 'LEASE_UNAVAILABLE';
}
/** This session was ended by the server and a new one could not be started yet. */
export class SessionEndedError extends IronCageError {
  static override readonly code = 'SESSION_ENDED';
}
/** The server does not take the proofs of this session any more. */
export class ProofRefusedError extends SessionEndedError {}
/** Somebody stopped this session in the dashboard or with the CLI; this process may not go on. */
export class SessionKilledError extends IronCageError {
  static override readonly code = 'SESSION_KILLED';
}
/** `close()` was called; this process may not spend any more. */
export class ClosedError extends IronCageError {
  static override readonly code = 'CLOSED';
}
/** The model has no price, so its cost cannot be bounded. */
export class UnknownModelError extends IronCageError {
  static override readonly code = 'UNKNOWN_MODEL';
}
/** The request goes to a provider's endpoint that this SDK cannot meter. */
export class EndpointNotMeteredError extends IronCageError {
  static override readonly code = 'ENDPOINT_NOT_METERED';
}
/** The request uses a feature whose cost cannot be bounded before sending. */
export class RequestNotBoundedError extends IronCageError {
  static override readonly code = 'REQUEST_NOT_BOUNDED';
}
/** A placeholder of a secret was about to be sent to a host that the secret is not meant for. */
export class SecretHostError extends IronCageError {
  static override readonly code = 'SECRET_HOST_NOT_ALLOWED';
}
/** The server cannot hand out the secret that the call needs: its row is broken, or what it refers to cannot be read. */
export class SecretUnavailableError extends IronCageError {
  static override readonly code = 'SECRET_UNAVAILABLE';
}
/** The secrets of this session have expired and could not be fetched again. */
export class SecretsExpiredError extends IronCageError {
  static override readonly code = 'SECRETS_EXPIRED';
}
/** The prompt contains personal data that the project's policy does not let out. */
export class PiiBlockedError extends IronCageError {
  static override readonly code = 'PII_BLOCKED';
}
/** The server gave an answer that does not follow the protocol, or an unexpected refusal. */
export class ServerError extends IronCageError {
  static override readonly code: string = 'SERVER';
}
/** A limit that the program set itself was reached: `maxCalls` or `maxSeconds` of `withBudget()`. */
export class RunLimitError extends IronCageError {
  static override readonly code = 'RUN_LIMIT';
}
