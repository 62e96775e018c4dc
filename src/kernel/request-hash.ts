import { hash } from 'node:crypto';
import { AppError } from './errors.js';
import { stringify } from './json.js';

/** Tells a repetition from another request under the same id; field order does not matter, the schema fixed it. */
export function hashOf(body: object): Buffer {
  return hash('sha256', stringify(body), 'buffer');
}

/**
 * @param before what there is under the id of a request
 * @param what in the words of the caller: `budget`
 * @returns whether the request was answered before
 * @throws {AppError} CONFLICT when the id stands for another one
 */
export function isRepetition(
  before: { readonly requestHash: Buffer | null } | undefined,
  requestHash: Buffer,
  what: string,
): boolean {
  if (before === undefined) return false;
  if (before.requestHash?.equals(requestHash)) return true;
  throw usedBefore(what);
}

export function usedBefore(what: string): AppError {
  return new AppError(
    'CONFLICT',
    `This request id was used before for another ${what}. Make a new UUID for each.`,
  );
}
