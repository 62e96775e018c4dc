import { EventStreamParser, type ServerEvent } from './event-stream-parser';

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface LiveClientOptions {
  /** Opens the stream; rejects or answers not-ok when it cannot. */
  open(signal: AbortSignal): Promise<Response>;
  onEvent(event: ServerEvent): void;
  onState(state: LiveState): void;
  /** Between 0 and 1; spreads the reconnects of many dashboards. */
  random?: () => number;
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15_000;
/** The server sends something every 15 s; silence for this long means that the connection is dead. */
const SILENCE_MS = 40_000;
const OFFLINE_AFTER_FAILURES = 4;

/** Keeps one event stream open for as long as it runs: reconnects with a growing, spread delay, and notices silent cuts. */
export class LiveClient {
  private readonly options: Required<LiveClientOptions>;
  private connection: AbortController | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private running = false;

  constructor(options: LiveClientOptions) {
    this.options = { random: Math.random, ...options };
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.failures = 0;
    this.options.onState('connecting');
    void this.connect();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.retry);
    this.connection?.abort();
  }

  /** Try at once, for example because the machine is online again. */
  retryNow(): void {
    if (!this.running || this.connection) return;
    clearTimeout(this.retry);
    void this.connect();
  }

  private async connect(): Promise<void> {
    const connection = new AbortController();
    this.connection = connection;
    try {
      const response = await this.options.open(connection.signal);
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      this.failures = 0;
      this.options.onState('live');
      await this.read(response.body, connection);
    } catch {
      // Every way to lose the stream ends here, and all are answered alike: try again below.
    } finally {
      connection.abort();
      if (this.connection === connection) this.connection = undefined;
    }
    if (this.running) this.retryLater();
  }

  private async read(body: ReadableStream<Uint8Array>, connection: AbortController): Promise<void> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    const parser = new EventStreamParser();
    connection.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
    for (;;) {
      const silence = setTimeout(() => connection.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true })))
        if (this.running) this.options.onEvent(event);
    }
  }

  private retryLater(): void {
    this.failures += 1;
    this.options.onState(this.failures >= OFFLINE_AFTER_FAILURES ? 'offline' : 'reconnecting');
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 1));
    this.retry = setTimeout(() => void this.connect(), delayMs * (0.5 + this.options.random() / 2));
  }
}
