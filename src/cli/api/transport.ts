import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { CliError, EXIT } from '../cli-error.js';

const TIME_LIMIT_MS = 30_000;
const RETRY_DELAYS_MS = [300, 1_000, 2_500];
const LONGEST_RETRY_AFTER_MS = 5_000;

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Sending it twice does what sending it once does: it may be repeated when no answer came. */
  readonly repeatable?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the ordinary limit is too short. */
  readonly timeLimitMs?: number;
}

export interface HttpAnswer {
  readonly body: unknown;
  readonly headers: Headers;
}

const refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    requestId: z.string().optional(),
    details: z.unknown().optional(),
  }),
});

/** Sends requests to one server and turns every failure into a {@link CliError}. */
export class Transport {
  constructor(
    readonly url: string,
    private readonly delaysMs: readonly number[] = RETRY_DELAYS_MS,
  ) {}

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const mayRepeat = request.repeatable ?? request.method === 'GET';
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(request);
      } catch (error) {
        const delayMs = this.delaysMs[attempt];
        if (!mayRepeat || delayMs === undefined || !(error instanceof Retryable))
          throw error instanceof Retryable ? error.reason : error;
        await wait(error.delayMs ?? delayMs);
      }
    }
  }

  private async once(request: HttpRequest): Promise<HttpAnswer> {
    const response = await this.fetch(request);
    const text = await response.text().catch((cause: unknown) => {
      throw new Retryable(this.unreachable(cause));
    });
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    if (response.ok) return { body, headers: response.headers };
    throw this.refused(response, body);
  }

  private async fetch({
    method,
    path,
    query = {},
    body,
    headers = {},
    timeLimitMs = TIME_LIMIT_MS,
  }: HttpRequest): Promise<Response> {
    const address = new URL(this.url + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) address.searchParams.set(name, String(value));
    try {
      return await fetch(address, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeLimitMs),
        headers: {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      const error = this.unreachable(cause);
      // Nobody listens there: asking again helps only where the same request must get through in the end.
      if (method === 'GET' && causeCode(cause) === 'ECONNREFUSED') throw error;
      throw new Retryable(error);
    }
  }

  private refused(response: Response, body: unknown): Error {
    const parsed = refusal.safeParse(body);
    if (!parsed.success) {
      return new CliError(
        'NOT_IRON_CAGE',
        `What answers at ${this.url} (status ${String(response.status)}) is not an Iron Cage server. Check the address: --url, IRON_CAGE_URL.`,
        {
          exitCode: EXIT.unreachable,
        },
      );
    }
    const { code, message, requestId, details } = parsed.data.error;
    const error = new CliError(code, message, { requestId, details, exitCode: exitCodeOf(code) });
    if (response.status !== 503 && response.status !== 429) return error;
    const delayMs = Number(response.headers.get('retry-after') ?? 0) * 1_000;
    return delayMs > LONGEST_RETRY_AFTER_MS
      ? error
      : new Retryable(error, delayMs > 0 ? delayMs : undefined);
  }

  private unreachable(cause: unknown): CliError {
    const why = causeCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
    return new CliError(
      'SERVER_UNREACHABLE',
      `The server is not reachable at ${this.url} (${why}). Start it with npm start, or name another with --url.`,
      {
        exitCode: EXIT.unreachable,
        cause,
      },
    );
  }
}

class Retryable extends Error {
  constructor(
    readonly reason: CliError,
    readonly delayMs?: number,
  ) {
    super(reason.message);
  }
}

function exitCodeOf(code: string): 1 | 4 {
  return ['NOT_SIGNED_IN', 'TOKEN_INVALID', 'LOGIN_FAILED'].includes(code)
    ? EXIT.notSignedIn
    : EXIT.failed;
}

/** fetch hides the system's error in `cause`. */
function causeCode(error: unknown): string | undefined {
  for (
    let at: unknown = error;
    typeof at === 'object' && at !== null;
    at = 'cause' in at ? at.cause : undefined
  ) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return undefined;
}
