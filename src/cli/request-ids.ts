import { isUuid, newId } from '../kernel/ids.js';
import { CliError, EXIT, usageError } from './cli-error.js';

export const REQUEST_ID_HELP = 'repeats an earlier attempt: the same id moves the money once';

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
export async function movingMoney<T>(requestId: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.unreachable) throw error;
    const again = `Whether the money moved is not known. Repeat the command with --request-id ${requestId}: it moves once.`;
    throw new CliError(error.code, `${error.message} ${again}`, {
      exitCode: error.exitCode,
      details: { requestId },
      cause: error,
    });
  }
}
