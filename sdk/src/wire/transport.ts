import type * as http from 'node:http';

import { ServerError } from '../errors/catalogue.js';
import type { IronCageError } from '../errors/iron-cage-error.js';
import type { Clock } from '../identity/clock.js';
import type { WireError } from './protocol.js';
import { errorOfRefusal } from './refusals.js';
import { PROOF_HEADER } from './sender-proof.js';
import { SenderProofs, type Signature } from './sender-proofs.js';
import { UnreachableError } from './unreachable.js';

export type Method = 'GET' | 'POST' | 'DELETE';

export interface CallOptions {
  readonly timeoutMs: number;
  /** True: the connection does not keep the process alive. */
  readonly background?: boolean;
  /** The session that it is about. */
  readonly sessionId?: string;
  /** False: it is sent without a proof, because it begins what there would be to prove. */
  readonly proof?: boolean;
}

/** A request as it leaves, with everything that it says. */
export interface PreparedRequest {
  readonly method: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer | undefined;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
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
  /** What this process proves its requests with. */
  readonly proofs: SenderProofs;
  readonly #base: URL;
  readonly #key: () => string;
  readonly #client: Pick<typeof http, 'Agent' | 'request'>;
  readonly #agent: http.Agent;

  constructor(base: URL, key: () => string, clock: Clock) {
    this.proofs = new SenderProofs(clock);
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
    for (let isAgain = false; ; isAgain = true) {
      const { request, signature } = this.#sign(method, path, body, options);
      const answer = await this.#exchange(request, options);
      const { status, text, retryAfterMs } = answer;
      const refusal = status < 300 ? undefined : refusalOf(text);
      const verdict = this.proofs.judge(refusal, signature, retryAfterMs);
      if (verdict === 'again' && !isAgain) continue;
      if (verdict !== undefined) throw verdict === 'again' ? busy(answer, refusal) : verdict;
      if (status < 500 && status !== 401 && status !== 429) this.proofs.confirm(signature);
      if (status >= 200 && status < 300) return text === '' ? undefined : parseAnswer(text);
      throw failureOf(answer, refusal);
    }
  }

  /** For who sends it when nothing of this object can run any more; a proof is good for half a minute. */
  prepare(method: Method, path: string, body: unknown, sessionId: string): PreparedRequest {
    return this.#sign(method, path, body, { sessionId }).request;
  }

  /** Opens a stream of events about a session. The caller ends it with `destroy()`. */
  openStream(
    path: string,
    sessionId: string,
    onResponse: (response: http.IncomingMessage) => void,
    onError: (error: Error) => void,
  ): http.ClientRequest {
    const { request: prepared } = this.#sign('GET', path, undefined, { sessionId });
    const headers = { ...prepared.headers, accept: 'text/event-stream' };
    const request = this.#request({ ...prepared, headers }, true);
    request.once('response', onResponse);
    request.once('error', onError);
    request.end();
    return request;
  }

  close(): void {
    this.#agent.destroy();
  }

  #sign(
    method: Method,
    path: string,
    body: unknown,
    { sessionId, proof = true }: Pick<CallOptions, 'sessionId' | 'proof'>,
  ): { readonly request: PreparedRequest; readonly signature: Signature | undefined } {
    const url = new URL(path.replace(/^\//, ''), this.#base);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const bearer = this.#key();
    // What a proxy puts in front of the server's own paths is none of the server's business.
    const signed = url.pathname.slice(this.#base.pathname.length - 1) + url.search;
    const signature = proof
      ? this.proofs.sign({ method, path: signed, body: payload, bearer }, sessionId)
      : undefined;
    const headers = {
      authorization: `Bearer ${bearer}`,
      accept: 'application/json',
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': payload.length.toString() }),
      ...(signature === undefined ? {} : { [PROOF_HEADER]: signature.header }),
    };
    return { request: { method, url: url.href, headers, payload }, signature };
  }

  #exchange(
    prepared: PreparedRequest,
    { timeoutMs, background = false }: Pick<CallOptions, 'timeoutMs' | 'background'>,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.#request(prepared, background);
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
      request.end(prepared.payload);
    });
  }

  #request({ method, url, headers }: PreparedRequest, background: boolean): http.ClientRequest {
    const request = this.#client.request(url, { method, agent: this.#agent, headers });
    if (background) request.once('socket', (socket) => socket.unref());
    return request;
  }
}

function failureOf(answer: Answer, refusal: WireError | undefined): IronCageError {
  const { status, retryAfterMs } = answer;
  const isLimit = refusal !== undefined && limitCodes.has(refusal.code);
  if (status >= 500 || (status === 429 && !isLimit)) return busy(answer, refusal);
  return errorOfRefusal(
    status,
    refusal ?? { code: status.toString(), message: 'not an answer of an Iron Cage server' },
    retryAfterMs,
  );
}

function busy({ status, retryAfterMs }: Answer, refusal: WireError | undefined): IronCageError {
  // Even a server that says 503 may have lost the database just after its commit. Only who was kept out changed nothing.
  return new UnreachableError(
    `The Iron Cage server cannot answer now (${refusal?.code ?? status.toString()}).`,
    status >= 500,
    retryAfterMs,
  );
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
