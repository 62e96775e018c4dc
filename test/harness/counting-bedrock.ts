import { EventStreamCodec } from '@smithy/core/event-streams';
import {
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

type Json = Record<string, unknown>;

/** What the service does with one request. */
export interface BedrockReply {
  readonly status?: number;
  readonly text?: string;
  readonly inputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly outputTokens?: number;
  /** Break the connection after so many events. */
  readonly breakAfterEvents?: number;
}

export interface BedrockCall {
  readonly path: string;
  readonly authorization: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  readonly input: number;
  readonly cacheRead: number;
  readonly output: number;
}

const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

/** Amazon Bedrock as far as agents use it, on a loopback port; it counts what it would bill. */
export class CountingBedrock {
  readonly calls: BedrockCall[] = [];
  script: (attempt: number) => BedrockReply = () => ({ text: 'It rains in Porto.' });
  readonly #server: Http2Server;
  readonly #sockets = new Set<Socket>();
  #attempts = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => {
        response.stream.destroy();
      });
    });
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
  }

  static async start(): Promise<CountingBedrock> {
    const bedrock = new CountingBedrock();
    await new Promise<void>((resolve) => bedrock.#server.listen(0, '127.0.0.1', resolve));
    return bedrock;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get attempts(): number {
    return this.#attempts;
  }

  close(): void {
    this.#server.close();
    // Not the sessions: they would wait for streams which nobody reads to the end any more.
    for (const socket of this.#sockets) socket.destroy();
  }

  async #handle(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
    this.#attempts += 1;
    const reply = this.script(this.#attempts);
    if (reply.status !== undefined) {
      response.writeHead(reply.status, { 'x-amzn-errortype': 'ThrottlingException' });
      response.end(JSON.stringify({ message: 'slow down' }));
      return;
    }
    const text = reply.text ?? '';
    const call = {
      path: request.url,
      authorization: request.headers.authorization ?? '',
      headers: request.headers,
      body,
      input: reply.inputTokens ?? 21,
      cacheRead: reply.cacheReadTokens ?? 0,
      output: reply.outputTokens ?? Math.ceil(text.length / 4),
    };
    this.calls.push(call);
    const operation = call.path.split('/').at(-1);
    if (operation === 'converse') sendJson(response, converse(text, call), {});
    else if (operation === 'invoke') sendInvoke(response, text, call);
    else await sendEvents(response, eventsOf(operation ?? '', text, call), reply);
  }
}

function usageOf({ input, cacheRead, output }: BedrockCall): Json {
  return {
    inputTokens: input,
    outputTokens: output,
    totalTokens: input + cacheRead + output,
    cacheReadInputTokens: cacheRead,
    cacheWriteInputTokens: 0,
  };
}

function converse(text: string, call: BedrockCall): Json {
  return {
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: usageOf(call),
    metrics: { latencyMs: 1 },
  };
}

function anthropicUsage({ input, cacheRead, output }: BedrockCall): Json {
  return { input_tokens: input, cache_read_input_tokens: cacheRead, output_tokens: output };
}

function sendInvoke(response: Http2ServerResponse, text: string, call: BedrockCall): void {
  const isAnthropic = 'anthropic_version' in call.body;
  const answer = isAnthropic
    ? { type: 'message', content: [{ type: 'text', text }], usage: anthropicUsage(call) }
    : { generation: text };
  sendJson(response, answer, {
    'x-amzn-bedrock-input-token-count': String(call.input),
    'x-amzn-bedrock-output-token-count': String(call.output),
  });
}

function eventsOf(operation: string, text: string, call: BedrockCall): Uint8Array[] {
  const pieces = text.match(/\s*\S+/g) ?? [];
  if (operation === 'converse-stream') {
    return [
      event('messageStart', { role: 'assistant' }),
      ...pieces.map((piece) =>
        event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: piece } }),
      ),
      event('messageStop', { stopReason: 'end_turn' }),
      event('metadata', { usage: usageOf(call), metrics: { latencyMs: 1 } }),
    ];
  }
  const chunk = (data: Json): Uint8Array =>
    event('chunk', { bytes: Buffer.from(JSON.stringify(data)).toString('base64') });
  const metrics = { inputTokenCount: call.input, outputTokenCount: call.output };
  return [
    chunk({
      type: 'message_start',
      message: { usage: { ...anthropicUsage(call), output_tokens: 1 } },
    }),
    ...pieces.map((piece) =>
      chunk({ type: 'content_block_delta', delta: { type: 'text_delta', text: piece } }),
    ),
    chunk({ type: 'message_delta', usage: { output_tokens: call.output } }),
    chunk({ type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics }),
  ];
}

function event(type: string, data: Json): Uint8Array {
  const text = (value: string) => ({ type: 'string' as const, value });
  return codec.encode({
    headers: {
      ':message-type': text('event'),
      ':event-type': text(type),
      ':content-type': text('application/json'),
    },
    body: Buffer.from(JSON.stringify(data), 'utf8'),
  });
}

async function sendEvents(
  response: Http2ServerResponse,
  events: readonly Uint8Array[],
  reply: BedrockReply,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  for (const [index, each] of events.entries()) {
    if (index === reply.breakAfterEvents) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      response.stream.destroy();
      return;
    }
    response.write(each);
  }
  response.end();
}

function sendJson(
  response: Http2ServerResponse,
  body: Json,
  headers: Record<string, string>,
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
