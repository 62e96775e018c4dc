import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cohere, cohereEvents } from './cohere-answers.js';
import { gemini, geminiEvents, geminiList } from './gemini-answers.js';
import { apiOfOllama, ollama, ollamaEmbeddings, ollamaLines } from './ollama-answers.js';

/**
 * A provider that speaks the protocols of OpenAI (also as Azure does), Anthropic, Google, Cohere and Ollama and counts, on its own, what it
 * would bill. It shares no code with the SDK: what the two agree on is worth something.
 */

/** Integer pico-dollars per token. Left-out rates cost what `input` or `output` cost. */
export interface ProviderRates {
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead?: bigint;
  readonly cacheWrite?: bigint;
}

export interface BilledUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** With the reasoning. */
  readonly output: number;
  readonly reasoning: number;
}

export interface BillRecord {
  readonly number: number;
  readonly api: ProviderApi;
  readonly model: string;
  readonly status: number;
  readonly streamed: boolean;
  readonly usage: BilledUsage;
  readonly costNano: bigint;
  /** The key as it arrived. */
  readonly apiKey: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ProviderApi =
  | 'chat'
  | 'responses'
  | 'embeddings'
  | 'messages'
  | 'gemini'
  | 'cohere'
  | 'ollama'
  | 'ollamaEmbeddings'
  | 'other';

/** What the provider does with one request; everything may be left out. */
export interface Reply {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: unknown }[];
  /** Answer with this status and an error body instead; nothing is billed. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly latencyMs?: number;
  readonly chunkDelayMs?: number;
  /** Stop sending after so many chunks and keep the connection open. */
  readonly hangAfterChunks?: number;
  /** Break the connection after so many chunks (0: before the answer, after having billed). */
  readonly breakAfterChunks?: number;
  /** Input tokens to bill; default: about one for every four characters of the body. */
  readonly inputTokens?: number;
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
  /** Output tokens to bill; default: about one for every four characters of the answer. */
  readonly outputTokens?: number;
  /** Output that is billed and never sent. */
  readonly reasoningTokens?: number;
  /** Count the reasoning beside the completion, as xAI does, not in it. */
  readonly reasoningBeside?: boolean;
  /** Tell the usage in a stream's last chunk without being asked, as Mistral does. */
  readonly usageUnasked?: boolean;
  /** Leave the usage out of the answer (it is billed nevertheless). */
  readonly hideUsage?: boolean;
  /** Only fetch the model into memory, as Ollama does when it is asked for nothing: nothing is billed. */
  readonly loads?: boolean;
}

export interface ScriptedRequest {
  readonly number: number;
  readonly api: ProviderApi;
  readonly path: string;
  readonly model: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** True when the conversation's last message is a tool's result. */
  readonly afterTool: boolean;
}

export type Script = (request: ScriptedRequest) => Reply | Promise<Reply>;

export interface CountingProvider {
  readonly url: string;
  /** `host:port`, as a secret's host entry wants it. */
  readonly host: string;
  /** Physical requests that arrived, billed or not. */
  readonly requests: number;
  bill(): { readonly records: readonly BillRecord[]; readonly totalNano: bigint };
  setScript(script: Script): void;
  close(): Promise<void>;
}

export interface ProviderOptions {
  readonly port?: number;
  /** By model name; `*` for all others. A model without a price is answered with 404. */
  readonly prices: Readonly<Record<string, ProviderRates>>;
}

type Json = Record<string, unknown>;

/** A connection that breaks at once may take the chunks before with it. */
const BREAK_DELAY_MS = 20;

export async function startCountingProvider(options: ProviderOptions): Promise<CountingProvider> {
  const provider = new Provider(options);
  await provider.listen(options.port ?? 0);
  return provider;
}

class Provider implements CountingProvider {
  readonly #prices: ProviderOptions['prices'];
  readonly #server: Server;
  readonly #records: BillRecord[] = [];
  #script: Script = ({ number }) => ({ text: `Answer number ${number.toString()}.` });
  #requests = 0;
  #port = 0;

  constructor({ prices }: ProviderOptions) {
    this.#prices = prices;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  get host(): string {
    return `127.0.0.1:${this.#port.toString()}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  get requests(): number {
    return this.#requests;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  bill(): { records: readonly BillRecord[]; totalNano: bigint } {
    const totalNano = this.#records.reduce((total, { costNano }) => total + costNano, 0n);
    return { records: [...this.#records], totalNano };
  }

  setScript(script: Script): void {
    this.#script = script;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#requests += 1;
    const number = this.#requests;
    const path = new URL(request.url ?? '/', this.url).pathname;
    const api = apiOf(request.method ?? 'GET', path);
    const text = await readAll(request);
    if (api === 'other') {
      sendJson(response, path.endsWith('/models') ? 200 : 404, { object: 'list', data: [] });
      return;
    }
    const body = JSON.parse(text) as Json;
    const model = modelOf(path, body);
    const streamed =
      body['stream'] === true ||
      path.includes(':stream') ||
      (api === 'ollama' && body['stream'] !== false);
    const rates = this.#prices[model] ?? this.#prices['*'];
    if (rates === undefined) {
      sendJson(response, 404, { error: { message: 'no such model', type: 'not_found_error' } });
      return;
    }
    const afterTool = endsWithToolResult(api, body);
    const { headers } = request;
    const reply = await this.#script({ number, api, path, model, body, headers, afterTool });
    if (reply.latencyMs !== undefined) await pause(reply.latencyMs);
    if (reply.status !== undefined && reply.status >= 400) {
      sendJson(response, reply.status, errorBody(reply.status), reply.headers);
      return;
    }
    const usage = usageOf(api, text, body, reply);
    this.#records.push({
      number,
      api,
      model,
      status: 200,
      streamed,
      usage,
      costNano: costNano(rates, usage),
      apiKey: keyOf(headers),
      body,
    });
    const isList = api === 'gemini' && streamed && !(request.url ?? '').includes('alt=sse');
    await answer({ api, body, model, number, reply, usage, response, streamed, isList });
  }
}

function apiOf(method: string, path: string): ProviderApi {
  if (method !== 'POST') return 'other';
  const native = apiOfOllama(path);
  if (native !== undefined) return native;
  if (path.endsWith('/chat/completions')) return 'chat';
  if (path.endsWith('/responses')) return 'responses';
  if (path.endsWith('/embeddings')) return 'embeddings';
  if (/:(generateContent|streamGenerateContent)$/.test(path)) return 'gemini';
  if (path.endsWith('/v2/chat')) return 'cohere';
  return path.endsWith('/v1/messages') ? 'messages' : 'other';
}

/** Google and Azure name the model in the address. */
function modelOf(path: string, body: Json): string {
  const [, named] = /\/(?:models|deployments)\/([^/:]+)/.exec(path) ?? [];
  return named ?? String(body['model']);
}

/** `ceil(Σ tokens × pico / 1000)`, written again on purpose. */
function costNano(rates: ProviderRates, usage: BilledUsage): bigint {
  const pico =
    BigInt(usage.input) * rates.input +
    BigInt(usage.cacheRead) * (rates.cacheRead ?? rates.input) +
    BigInt(usage.cacheWrite) * (rates.cacheWrite ?? rates.input) +
    BigInt(usage.output) * rates.output;
  const nano = pico / 1_000n;
  return nano * 1_000n === pico ? nano : nano + 1n;
}

function usageOf(api: ProviderApi, text: string, body: Json, reply: Reply): BilledUsage {
  if (reply.loads === true) {
    return { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  }
  const spoken =
    (reply.text ?? '') + (reply.toolCalls ?? []).map((call) => JSON.stringify(call)).join('');
  const config = body['generationConfig'] as Json | undefined;
  const options = body['options'] as Json | undefined;
  const most = Number(
    config?.['maxOutputTokens'] ??
      options?.['num_predict'] ??
      body['max_completion_tokens'] ??
      body['max_tokens'] ??
      body['max_output_tokens'] ??
      Number.MAX_SAFE_INTEGER,
  );
  const reasoning = Math.min(most, reply.reasoningTokens ?? 0);
  const output = reasoning + (reply.outputTokens ?? Math.max(1, Math.ceil(spoken.length / 4)));
  return {
    input: reply.inputTokens ?? Math.max(1, Math.floor(text.length / 6)),
    cacheRead: reply.cacheReadTokens ?? 0,
    cacheWrite: reply.cacheWriteTokens ?? 0,
    output: isOfEmbeddings(api) ? 0 : Math.min(most, output),
    reasoning,
  };
}

function isOfEmbeddings(api: ProviderApi): boolean {
  return api === 'embeddings' || api === 'ollamaEmbeddings';
}

function keyOf(headers: IncomingMessage['headers']): string {
  const own = headers['x-api-key'] ?? headers['api-key'] ?? headers['x-goog-api-key'];
  return typeof own === 'string' ? own : (headers.authorization ?? '').replace(/^Bearer /, '');
}

function endsWithToolResult(api: ProviderApi, body: Json): boolean {
  const list = api === 'responses' ? body['input'] : body['messages'];
  const last = Array.isArray(list) ? (list.at(-1) as Json | undefined) : undefined;
  if (last?.['role'] === 'tool' || last?.['type'] === 'function_call_output') return true;
  const content = last?.['content'];
  return Array.isArray(content) && content.some((part) => (part as Json)['type'] === 'tool_result');
}

export interface Answer {
  readonly api: ProviderApi;
  readonly body: Json;
  readonly model: string;
  readonly number: number;
  readonly reply: Reply;
  readonly usage: BilledUsage;
  readonly response: ServerResponse;
  readonly streamed: boolean;
  /** A stream of Google's that was not asked for as events. */
  readonly isList: boolean;
}

async function answer(given: Answer): Promise<void> {
  const { api, reply, response, streamed, isList } = given;
  if (reply.breakAfterChunks === 0) {
    response.destroy();
    return;
  }
  const events = {
    chat: chatEvents,
    responses: responsesEvents,
    messages: messagesEvents,
    gemini: geminiEvents,
    cohere: cohereEvents,
    ollama: ollamaLines,
  };
  if (isList) {
    sendJson(response, 200, geminiList(given), reply.headers);
    return;
  }
  if (streamed && api !== 'embeddings' && api !== 'ollamaEmbeddings' && api !== 'other') {
    const type = api === 'ollama' ? 'application/x-ndjson' : 'text/event-stream';
    await sendEvents(response, events[api](given), { type, ...reply });
    return;
  }
  const shape = {
    chat,
    responses,
    embeddings,
    messages,
    gemini,
    cohere,
    ollama,
    ollamaEmbeddings,
    other: () => ({}),
  }[api];
  sendJson(response, 200, shape(given), reply.headers);
}

async function sendEvents(
  response: ServerResponse,
  events: readonly string[],
  reply: Reply & { readonly type: string },
): Promise<void> {
  response.writeHead(200, { 'content-type': reply.type, ...reply.headers });
  response.flushHeaders();
  let sent = 0;
  for (const event of events) {
    if (response.destroyed || sent === reply.hangAfterChunks) return;
    if (sent === reply.breakAfterChunks) {
      await pause(BREAK_DELAY_MS);
      response.destroy();
      return;
    }
    response.write(event);
    sent += 1;
    if (reply.chunkDelayMs !== undefined) await pause(reply.chunkDelayMs);
  }
  response.end();
}

const created = 1_700_000_000;

export function calls(given: Answer): { id: string; name: string; arguments: unknown }[] {
  return (given.reply.toolCalls ?? []).map((call, index) => ({
    id: `call_${given.number.toString()}_${index.toString()}`,
    ...call,
  }));
}

export function pieces(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function chatUsage({ usage, reply }: Answer): Json {
  if (reply.hideUsage === true) return {};
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const beside = reply.reasoningBeside === true ? usage.reasoning : 0;
  return {
    usage: {
      prompt_tokens: prompt,
      completion_tokens: usage.output - beside,
      total_tokens: prompt + usage.output,
      prompt_tokens_details: {
        cached_tokens: usage.cacheRead,
        audio_tokens: 0,
        ...(usage.cacheWrite > 0 ? { cache_write_tokens: usage.cacheWrite } : {}),
      },
      completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
    },
  };
}

function chat(given: Answer): Json {
  const toolCalls = calls(given).map(({ id, name, arguments: values }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(values) },
  }));
  return {
    id: `chatcmpl-${given.number.toString()}`,
    object: 'chat.completion',
    created,
    model: given.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: given.reply.text ?? null,
          ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
        },
        finish_reason: toolCalls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    ...chatUsage(given),
  };
}

function chatEvents(given: Answer): string[] {
  const base = {
    id: `chatcmpl-${given.number.toString()}`,
    object: 'chat.completion.chunk',
    created,
    model: given.model,
  };
  const chunk = (delta: Json, finish: string | null = null): string =>
    `data: ${JSON.stringify({
      ...base,
      ...(finish !== null && given.reply.usageUnasked === true ? chatUsage(given) : {}),
      choices: [{ index: 0, delta, finish_reason: finish }],
    })}\n\n`;
  const events = [chunk({ role: 'assistant', content: '' })];
  for (const piece of pieces(given.reply.text ?? '')) events.push(chunk({ content: piece }));
  const toolCalls = calls(given);
  toolCalls.forEach(({ id, name, arguments: values }, index) => {
    const called = { name, arguments: JSON.stringify(values) };
    events.push(chunk({ tool_calls: [{ index, id, type: 'function', function: called }] }));
  });
  events.push(chunk({}, toolCalls.length > 0 ? 'tool_calls' : 'stop'));
  const options = given.body['stream_options'] as Json | undefined;
  if (options?.['include_usage'] === true && given.reply.hideUsage !== true) {
    events.push(`data: ${JSON.stringify({ ...base, choices: [], ...chatUsage(given) })}\n\n`);
  }
  return [...events, 'data: [DONE]\n\n'];
}

function responses(given: Answer): Json {
  const { usage, reply, number, model } = given;
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  const output: Json[] = calls(given).map(({ id, name, arguments: values }) => ({
    type: 'function_call',
    id: `fc_${id}`,
    call_id: id,
    name,
    arguments: JSON.stringify(values),
    status: 'completed',
  }));
  if (reply.text !== undefined) {
    output.push({
      type: 'message',
      id: `msg_${number.toString()}`,
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: reply.text, annotations: [] }],
    });
  }
  return {
    id: `resp_${number.toString()}`,
    object: 'response',
    created_at: created,
    status: 'completed',
    model,
    output,
    parallel_tool_calls: true,
    tools: [],
    ...(reply.hideUsage === true
      ? {}
      : {
          usage: {
            input_tokens: input,
            input_tokens_details: { cached_tokens: usage.cacheRead },
            output_tokens: usage.output,
            output_tokens_details: { reasoning_tokens: usage.reasoning },
            total_tokens: input + usage.output,
          },
        }),
  };
}

function responsesEvents(given: Answer): string[] {
  const done = responses(given);
  const event = (type: string, data: Json): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const started = { ...done, status: 'in_progress', output: [], usage: null };
  const id = `msg_${given.number.toString()}`;
  const deltas = pieces(given.reply.text ?? '').map((delta) =>
    event('response.output_text.delta', { item_id: id, output_index: 0, content_index: 0, delta }),
  );
  const item = { type: 'message', id, role: 'assistant', content: [] };
  const around = (type: string, status: string): string[] =>
    deltas.length > 0 ? [event(type, { output_index: 0, item: { ...item, status } })] : [];
  return [
    event('response.created', { response: started }),
    ...around('response.output_item.added', 'in_progress'),
    ...deltas,
    ...around('response.output_item.done', 'completed'),
    event('response.completed', { response: done }),
  ];
}

function embeddings(given: Answer): Json {
  const input = given.body['input'];
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1;
  return {
    object: 'list',
    model: given.model,
    data: Array.from({ length: count }, (_, index) => ({
      object: 'embedding',
      index,
      embedding:
        given.body['encoding_format'] === 'base64'
          ? Buffer.from(new Float32Array([0.25, 0.5]).buffer).toString('base64')
          : [0.25, 0.5],
    })),
    usage: { prompt_tokens: given.usage.input, total_tokens: given.usage.input },
  };
}

function messagesUsage({ usage }: Answer): Json {
  return {
    input_tokens: usage.input,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite,
      ephemeral_1h_input_tokens: 0,
    },
    output_tokens: usage.output,
    service_tier: 'standard',
  };
}

function messages(given: Answer): Json {
  const content: Json[] = [];
  if (given.reply.text !== undefined) content.push({ type: 'text', text: given.reply.text });
  for (const { id, name, arguments: input } of calls(given)) {
    content.push({ type: 'tool_use', id, name, input });
  }
  return {
    id: `msg_${given.number.toString()}`,
    type: 'message',
    role: 'assistant',
    model: given.model,
    content,
    stop_reason: calls(given).length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    ...(given.reply.hideUsage === true ? {} : { usage: messagesUsage(given) }),
  };
}

function messagesEvents(given: Answer): string[] {
  const whole = messages(given);
  const event = (type: string, data: Json): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const usage = { ...messagesUsage(given), output_tokens: 1 };
  const events = [
    event('message_start', { message: { ...whole, content: [], stop_reason: null, usage } }),
  ];
  (whole['content'] as Json[]).forEach((block, index) => {
    const isText = block['type'] === 'text';
    const empty = isText ? { type: 'text', text: '' } : { ...block, input: {} };
    events.push(event('content_block_start', { index, content_block: empty }));
    const deltas = isText
      ? pieces(String(block['text'])).map((text) => ({ type: 'text_delta', text }))
      : [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }];
    for (const delta of deltas) events.push(event('content_block_delta', { index, delta }));
    events.push(event('content_block_stop', { index }));
  });
  events.push(
    event('message_delta', {
      delta: { stop_reason: whole['stop_reason'], stop_sequence: null },
      usage: { output_tokens: given.usage.output },
    }),
  );
  return [...events, event('message_stop', {})];
}

function errorBody(status: number): Json {
  return { type: 'error', error: { type: 'scripted', message: `scripted ${status.toString()}` } };
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: Json | readonly Json[],
  headers: Reply['headers'] = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref(); // the open server keeps the process alive, not this
  });
}
