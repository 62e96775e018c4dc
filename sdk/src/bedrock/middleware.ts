import type { Cage } from '../core/cage.js';
import { RequestNotBoundedError } from '../errors/catalogue.js';
import { sentBy, type FetchInit } from '../fetch/outgoing-request.js';
import { isObject, objectAt, type JsonObject } from '../providers/call-plan.js';
import { SigningCredentials } from './credentials.js';
import { bridgeStream, type Bridge } from './stream-bridge.js';

/** A request of the AWS SDK before it is signed. */
interface AwsRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly method: string;
  headers: Record<string, string>;
  body?: unknown;
}
interface AwsResult {
  readonly response: unknown;
  output: Record<string, unknown>;
}
interface AwsArguments {
  readonly request: AwsRequest;
}
type Next = (given: AwsArguments) => Promise<AwsResult>;
export type Middleware = (
  next: Next,
  context: Record<string, unknown>,
) => (given: AwsArguments) => Promise<AwsResult>;

/** Lets each attempt of a client pass through the meter as if it were a `fetch`. */
export function meterRequests(cage: Cage): Middleware {
  return (next, context) => async (given) => {
    const attempt = new Attempt(next, context, given);
    return attempt.send(cage);
  };
}

class Attempt {
  readonly #next: Next;
  readonly #credentials: SigningCredentials;
  readonly #given: AwsArguments;
  #result: AwsResult | undefined;
  #failure: unknown;
  #bridge: Bridge | undefined;

  constructor(next: Next, context: Record<string, unknown>, given: AwsArguments) {
    this.#next = next;
    this.#credentials = new SigningCredentials(context);
    this.#given = given;
  }

  /** @throws IronCageError when it may not be sent, and whatever the client itself throws */
  async send(cage: Cage): Promise<AwsResult> {
    const { request } = this.#given;
    const port = request.port === undefined ? '' : `:${request.port.toString()}`;
    const init: FetchInit & { [sentBy]: typeof fetch } = {
      method: request.method,
      headers: { 'content-type': 'application/json', ...this.#credentials.headers },
      ...(request.method === 'GET' ? {} : { body: textOfBody(request.body) }),
      [sentBy]: (_input, sent) => this.#transmit(sent),
    };
    const metered = await cage.fetch(
      `${request.protocol}//${request.hostname}${port}${request.path}`,
      init,
    );
    if (this.#failure !== undefined) throw this.#failure as Error;
    if (this.#result === undefined) throw new Error('the request was not sent');
    if (this.#bridge !== undefined) {
      const { field, eventsOf } = this.#bridge;
      this.#result.output[field] = eventsOf(metered);
    }
    return this.#result;
  }

  /** Signs and sends, and shows the meter an answer that it can read. */
  async #transmit(init: FetchInit): Promise<Response> {
    const { request } = this.#given;
    this.#credentials.replace(new Headers(init?.headers ?? {}));
    if (typeof init?.body === 'string' && init.body !== request.body) {
      request.body = init.body;
      request.headers['content-length'] = Buffer.byteLength(init.body).toString();
    }
    try {
      this.#result = await this.#next(this.#given);
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      this.#failure = error; // the provider answered, and bills nothing
      return new Response(null, { status });
    }
    const { output, response } = this.#result;
    this.#bridge = bridgeStream(output);
    return this.#bridge?.response ?? Response.json(answerOf(output, response));
  }
}

function textOfBody(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (body === undefined || body === null) return '';
  throw new RequestNotBoundedError('A request that is a stream cannot be metered.', {
    status: 400,
  });
}

/** The status of an error that the service itself gave; undefined when it perhaps did not get that far. */
function statusOf(error: unknown): number | undefined {
  const status = objectAt(error, '$metadata')['httpStatusCode'];
  return typeof status === 'number' && status >= 300 && status <= 599 ? status : undefined;
}

/** What tells the usage: of `Converse` the output itself, of `InvokeModel` its body and headers. */
function answerOf(output: JsonObject, response: unknown): unknown {
  const { body } = output;
  if (!(body instanceof Uint8Array))
    return { usage: output['usage'], serviceTier: output['serviceTier'] };
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    parsed = undefined;
  }
  const headers = objectAt(response, 'headers');
  const count = (name: string): number => Number(headers[`x-amzn-bedrock-${name}-token-count`]);
  return {
    ...(isObject(parsed) ? parsed : {}),
    'amazon-bedrock-invocationMetrics': {
      inputTokenCount: count('input'),
      outputTokenCount: count('output'),
    },
  };
}
