export type StartupCode =
  | 'CONFIG_INVALID'
  | 'PORT_IN_USE'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_REFUSED'
  | 'DATABASE_NEWER'
  | 'REDIS_UNREACHABLE'
  | 'KEK_MALFORMED'
  | 'KEK_WRONG'
  | 'KEK_MISSING'
  | 'KEK_EXPOSED'
  | 'KEK_PROVIDER'
  | 'DATA_FOLDER';

/** The server cannot start. The message is the one sentence that an operator needs; nothing has been changed. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  constructor(
    readonly code: StartupCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
