import {
  BudgetExceededError,
  ConfigurationError,
  ForbiddenError,
  KeyRevokedError,
  LeaseUnavailableError,
  ProjectPausedError,
  ServerError,
  SessionEndedError,
} from '../errors/catalogue.js';
import type { IronCageError, IronCageErrorOptions } from '../errors/iron-cage-error.js';
import { displayUsd, parseUsd } from '../money/money.js';
import type { WireError } from './protocol.js';

/** Turns a refusal of the server into the error that the agent gets. */
export function errorOfRefusal(status: number, refusal: WireError): IronCageError {
  const options: IronCageErrorOptions = {
    status,
    details: refusal.details ?? {},
    ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
  };
  switch (refusal.code) {
    case 'KEY_MALFORMED':
      return new ConfigurationError('The server does not accept the form of this key.', options);
    case 'KEY_INVALID':
      return new KeyRevokedError(
        'This Iron Cage key is unknown, expired, blocked or revoked. Ask for a new one.',
        options,
      );
    case 'FORBIDDEN':
      return new ForbiddenError(`The server refused: ${refusal.message}`, options);
    case 'BUDGET_EXCEEDED':
      return new BudgetExceededError(budgetSentence(refusal), options);
    case 'PROJECT_PAUSED':
      return new ProjectPausedError(
        'The project is paused: no call may leave until somebody resumes it.',
        options,
      );
    case 'PROJECT_HAS_NO_SECRET':
      return new ConfigurationError(
        'The project has no provider secret. Link one to it in the dashboard or with the CLI.',
        options,
      );
    case 'SESSION_ENDED':
      return new SessionEndedError('The server ended this session.', options);
    case 'TOO_MANY_LEASES':
      return new LeaseUnavailableError(
        'Too many leases are open for this key; wait until some have been settled.',
        options,
      );
    default:
      return new ServerError(`The server refused (${refusal.code}): ${refusal.message}`, options);
  }
}

/** "needs $0.031, $0.012 is available in project Research ($5 limit, resets …)". */
function budgetSentence(refusal: WireError): string {
  const details = refusal.details ?? {};
  const money = (key: string): string | undefined => {
    const text = details[key];
    try {
      return typeof text === 'string' ? displayUsd(parseUsd(text)) : undefined;
    } catch {
      return undefined;
    }
  };
  const text = (key: string): string => {
    const value = details[key];
    return typeof value === 'string' ? value : '';
  };
  const needed = money('minimum');
  const where = [text('scope'), text('scopeName')].filter((part) => part !== '').join(' ');
  const limit = money('limit');
  const resets = text('nextResetAt');
  return [
    needed === undefined ? 'The call does not fit the budget' : `The call needs up to ${needed}`,
    `${money('available') ?? 'too little'} is available${where === '' ? '' : ` in ${where}`}`,
    ...(limit === undefined ? [] : [`the limit is ${limit}`]),
    resets === '' ? 'ask for more budget or deposit money' : `it resets at ${resets}`,
  ].join('; ');
}
