import type * as http from 'node:http';

import { ServerError } from '../errors/catalogue.js';
import { IronCageError } from '../errors/iron-cage-error.js';
import type { WireError } from './protocol.js';
import { errorOfRefusal } from './refusals.js';

export type Method = 'GET' | 'POST' | 'DELETE';

export interface CallOptions {
  readonly timeoutMs: number;
  /** True: the connection does not keep the process alive. */
  readonly background?: boolean;
}

/** The server did not answer, or said that it cannot now: the same message may be sent again. */
export class UnreachableError extends ServerError {
  static override readonly code = 'UNREACHABLE';
  /** False when the request surely never reached the server, or changed nothing there. */
  readonly mayHaveArrived: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, mayHaveArrived: boolean, retryAfterMs?: number, cause?: unknown) {
    super(message, { status: 503, ...(cause === undefined ? {} : { cause }) });
    this.mayHaveArrived = mayHaveArrived;
    this.retryAfterMs = retryAfterMs;
  }
}

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const RETRY_AFTER_MAX_MS = 60_000;
/** Refusals with status 429 that are an answer to the call: repeating it at once would not help. */
const limitCodes = new Set(['TOO_MANY_LEASES', 'VELOCITY_EXCEEDED']);
/** Errors of a connection that was never made. */
const notConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * JSON over HTTP to the Iron Cage server. It does not use `fetch`: that one is patched, is seen by
 * monitoring tools, and its streams would keep the process alive.
 */
export class Transport {
  readonly #base: URL;
  readonly #key: () => string;
  readonly #client: Pick<typeof http, 'Agent' | 'request'>;
  readonly #agent: http.Agent;

  constructor(base: URL, key: () => string) {
    this.#base = base;
    this.#key = key;
    const options = { keepAlive: true, maxSockets: 16, maxFreeSockets: 4 };
    // Loaded here, not by an import: half of the time that importing this package would take.
    this.#client = process.getBuiltinModule(
      base.protocol === 'https:' ? 'node:https' : 'node:http',
    );
    this.#agent = new this.#client.Agent(options);
  }

  get base(): URL {
    return this.#base;
  }

  /**
   * @throws UnreachableError when it is worth sending again; another IronCageError for a refusal
   */
  async call(method: Method, path: string, body: unknown, options: CallOptions): Promise<unknown> {
    const answer = await this.#exchange(method, path, body, options);
    const { status, text } = answer;
    if (status >= 200 && status < 300) return text === '' ? undefined : parseAnswer(text);
    const refusal = refusalOf(text);
    const isLimit = refusal !== undefined && limitCodes.has(refusal.code);
    if (status >= 500 || (status === 429 && !isLimit)) {
      // Even a server that says 503 may have lost the database just after its commit. Only who was kept out changed nothing.
      const mayHaveArrived = status !== 429;
      throw new UnreachableError(
        `The Iron Cage server cannot answer now (${refusal?.code ?? status.toString()}).`,
        mayHaveArrived,
        answer.retryAfterMs,
      );
    }
    throw errorOfRefusal(
      status,
      refusal ?? { code: status.toString(), message: 'not an answer of an Iron Cage server' },
      answer.retryAfterMs,
    );
  }

  /** Opens a stream of events. The caller ends it with `destroy()`. */
  openStream(
    path: string,
    onResponse: (response: http.IncomingMessage) => void,
    onError: (error: Error) => void,
  ): http.ClientRequest {
    const request = this.#request('GET', path, undefined, { accept: 'text/event-stream' }, true);
    request.once('response', onResponse);
    request.once('error', onError);
    request.end();
    return request;
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(
    method: Method,
    path: string,
    body: unknown,
    { timeoutMs, background = false }: CallOptions,
  ): Promise<{ status: number; text: string; retryAfterMs: number | undefined }> {
    return new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const request = this.#request(method, path, payload, {}, background);
      const fail = (error: Error): void => {
        reject(unreachable(error));
      };
      const timer = setTimeout(() => {
        request.destroy(new Error(`no answer within ${timeoutMs.toString()} ms`));
      }, timeoutMs);
      if (background) timer.unref();
      request.once('close', () => {
        clearTimeout(timer);
      });
      request.once('error', fail);
      request.once('response', (response) => {
        collect(response, fail, (text) => {
          const retryAfterMs = retryAfter(response.headers['retry-after']);
          resolve({ status: response.statusCode ?? 0, text, retryAfterMs });
        });
      });
      request.end(payload);
    });
  }

  #request(
    method: Method,
    path: string,
    payload: Buffer | undefined,
    headers: Record<string, string>,
    background: boolean,
  ): http.ClientRequest {
    const url = new URL(path.replace(/^\//, ''), this.#base);
    const request = this.#client.request(url, {
      method,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${this.#key()}`,
        accept: 'application/json',
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': payload.length.toString() }),
        ...headers,
      },
    });
    if (background) request.once('socket', (socket) => socket.unref());
    return request;
  }
}

function collect(
  response: http.IncomingMessage,
  fail: (error: Error) => void,
  done: (text: string) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
    else chunks.push(chunk);
  });
  response.once('error', fail);
  response.once('aborted', () => {
    fail(new Error('the connection broke'));
  });
  response.once('end', () => {
    done(Buffer.concat(chunks).toString('utf8'));
  });
}

function unreachable(error: Error): IronCageError {
  const code: unknown = Reflect.get(error, 'code');
  const arrived = !(typeof code === 'string' && notConnected.has(code));
  return new UnreachableError(
    `The Iron Cage server does not answer (${typeof code === 'string' ? code : error.message}).`,
    arrived,
    undefined,
    error,
  );
}

function retryAfter(header: string | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0
    ? Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS)
    : undefined;
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServerError('The server sent something that is not JSON.', { status: 502, cause });
  }
}

function refusalOf(text: string): WireError | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: Partial<WireError> };
    if (typeof error?.code !== 'string') return undefined;
    return { ...error, code: error.code, message: error.message ?? '' };
  } catch {
    return undefined;
  }
}
