/** Exit codes, as `iron-cage --help` lists them. */
export const EXIT = {
  ok: 0,
  /** The server refused, or a check found something. */
  failed: 1,
  usage: 2,
  unreachable: 3,
  notSignedIn: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface CliErrorOptions {
  readonly requestId?: string | undefined;
  readonly details?: unknown;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** A failure with a sentence for the person at the terminal and a stable code for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly requestId: string | undefined;
  readonly details: unknown;
  readonly exitCode: ExitCode;

  constructor(
    readonly code: string,
    message: string,
    options: CliErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.requestId = options.requestId;
    this.details = options.details;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

export function usageError(message: string): CliError {
  return new CliError('USAGE', message, { exitCode: EXIT.usage });
}
