import type { Cancel, Clock } from '../identity/clock.js';
import type { StreamReader } from '../providers/call-plan.js';
import type { StreamRestoration } from '../safety/stream-restoration.js';
import { LineSplitter } from '../wire/line-splitter.js';
import { ServerEventSplitter, type ServerEvent } from '../wire/server-events.js';

/** Server-sent events, JSON in lines, or sound that only its length is looked at of. */
export type StreamFormat = 'events' | 'lines' | 'bytes';

export interface StreamMeterOptions {
  readonly format: StreamFormat;
  readonly reader: StreamReader;
  /** True when the reader wants to keep an event from the caller. */
  readonly filters: boolean;
  /** Puts values back that were replaced in the prompt. */
  readonly restoration?: StreamRestoration | undefined;
  readonly clock: Clock;
  /** A stream that nobody reads for so long is given up. */
  readonly deadlineMs: number;
  readonly onEnd: (outcome: 'completed' | 'aborted') => void;
}

/** The same answer with another body. */
export function withBody(
  response: Response,
  body: ConstructorParameters<typeof Response>[0],
): Response {
  const { headers, status, statusText, url } = response;
  const copy = new Response(body, { status, statusText, headers });
  copy.headers.delete('content-encoding'); // fetch has decoded it
  copy.headers.delete('content-length');
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
}

/** Lets a stream through while reading along. */
export function meterStream(response: Response, options: StreamMeterOptions): Response {
  if (response.body === null) {
    options.onEnd('completed');
    return response;
  }
  return withBody(response, new MeteredStream(response.body, options).stream);
}

class MeteredStream {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: StreamMeterOptions;
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  readonly #splitter: ServerEventSplitter | LineSplitter;
  #cancelDeadline: Cancel = () => undefined;
  #ended = false;

  constructor(body: ReadableStream<Uint8Array>, options: StreamMeterOptions) {
    this.#options = options;
    this.#source = body.getReader();
    this.#splitter = options.format === 'lines' ? new LineSplitter() : new ServerEventSplitter();
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#watch(controller);
        },
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          this.#end('aborted');
          return this.#source.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#watch(controller);
    try {
      for (let sent = false; !sent && !this.#ended;) {
        const { done, value } = await this.#source.read();
        sent = done ? this.#finish(controller) : this.#forward(controller, value);
      }
    } catch (error) {
      this.#end('aborted');
      controller.error(error);
    }
  }

  /** @returns true when something reached the caller */
  #forward(
    controller: ReadableStreamDefaultController<Uint8Array>,
    chunk: Uint8Array | undefined,
  ): boolean {
    if (chunk === undefined) return false;
    if (this.#options.format === 'bytes') {
      this.#options.reader.seeBytes?.(chunk.length);
      controller.enqueue(chunk);
      return true;
    }
    const events = this.#splitter.push(this.#decoder.decode(chunk, { stream: true }));
    const kept = events.filter((event) => this.#see(event));
    const { filters, restoration } = this.#options;
    if (!filters && restoration === undefined) {
      controller.enqueue(chunk);
      return true;
    }
    const text = kept.map((event) => restoration?.see(event) ?? event.raw).join('');
    if (text === '') return false;
    controller.enqueue(this.#encoder.encode(text));
    return true;
  }

  #finish(controller: ReadableStreamDefaultController<Uint8Array>): boolean {
    const rest = this.#splitter.rest();
    const { filters, restoration } = this.#options;
    const isKept = rest !== undefined && this.#see(rest);
    if (filters || restoration !== undefined) {
      const last = isKept ? (restoration?.see(rest) ?? rest.raw) : '';
      const text = last + (restoration?.rest() ?? '');
      if (text !== '') controller.enqueue(this.#encoder.encode(text));
    }
    this.#end('completed');
    controller.close();
    return true;
  }

  /** Reading along must never break the caller's stream. */
  #see(event: ServerEvent): boolean {
    if (event.data === '' || event.data === '[DONE]') return true;
    try {
      return this.#options.reader.see(JSON.parse(event.data));
    } catch {
      return true;
    }
  }

  #watch(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#cancelDeadline();
    if (this.#ended) return;
    this.#cancelDeadline = this.#options.clock.schedule(this.#options.deadlineMs, () => {
      if (this.#ended) return;
      this.#end('aborted');
      const reason = new DOMException('the answer was not read in time', 'TimeoutError');
      controller.error(reason);
      this.#source.cancel(reason).catch(() => undefined);
    });
  }

  #end(outcome: 'completed' | 'aborted'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelDeadline();
    this.#options.onEnd(outcome);
  }
}
