import { isUuid, newId } from '../kernel/ids.js';
import { CliError, EXIT, usageError } from './cli-error.js';

export const REQUEST_ID_HELP = 'repeats an earlier attempt: the same id moves the money once';
export const ROTATION_ID_HELP = 'repeats an earlier attempt, whose secret was lost';
export const CREATION_ID_HELP = 'repeats an earlier attempt: the same id makes one';

/** @returns what was given, or a new one */
export function requestIdOf(given: string | undefined): string {
  const requestId = given ?? newId();
  if (!isUuid(requestId)) throw usageError('--request-id must be a UUID in lower case.');
  return requestId;
}

/**
 * Sends what moves money; where no answer comes at all, the error says how to repeat it.
 *
 * @throws {CliError} as `send` does
 */
export function movingMoney<T>(requestId: string, send: () => Promise<T>): Promise<T> {
  return repeatable(requestId, send, ['Whether the money moved', 'it moves once']);
}

/** As {@link movingMoney}, for what is made. */
export function creating<T>(requestId: string, send: () => Promise<T>): Promise<T> {
  return repeatable(requestId, send, ['Whether it was made', 'it is made once']);
}

/** As {@link movingMoney}, for a new secret of a key. */
export function rotating<T>(requestId: string, send: () => Promise<T>): Promise<T> {
  return repeatable(requestId, send, [
    'Whether the key has a new secret',
    'it gets another, and the old secret works as long as it did',
  ]);
}

async function repeatable<T>(
  requestId: string,
  send: () => Promise<T>,
  [unknown, promise]: readonly [string, string],
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
    const again = `${unknown} is not known. Repeat the command with --request-id ${requestId}: ${promise}.`;
    throw new CliError(error.code, `${error.message} ${again}`, {
      exitCode: error.exitCode,
      details: { requestId },
      cause: error,
    });
  }
}
