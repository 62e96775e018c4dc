import type { ClientRequest, IncomingMessage } from 'node:http';

import type { Cancel, Clock } from '../identity/clock.js';
import type { WireState } from './protocol.js';
import { ServerEventSplitter } from './server-events.js';
import type { Transport } from './transport.js';

/** The server sends a comment every 15 s; a stream that is silent for longer is dead. */
const SILENCE_MAX_MS = 40_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;

/** Listens to the state events of a session and reconnects for ever, until `close()`. */
export class StateStream {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #sessionId: string;
  readonly #onState: (state: WireState) => void;
  #request: ClientRequest | undefined;
  #cancelTimer: Cancel = () => undefined;
  #retryMs = RETRY_FIRST_MS;
  #closed = false;

  constructor(
    transport: Transport,
    clock: Clock,
    sessionId: string,
    onState: (state: WireState) => void,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#sessionId = sessionId;
    this.#onState = onState;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    this.#request?.destroy();
  }

  #connect(): void {
    if (this.#closed) return;
    const failed = (): void => {
      this.#retryLater();
    };
    this.#request = this.#transport.openStream(
      `v1/sdk/sessions/${this.#sessionId}/events`,
      this.#sessionId,
      (response) => {
        this.#read(response);
      },
      failed,
    );
    // A destroyed request may report more than one error; none may become an uncaught one.
    this.#request.on('error', () => undefined);
    this.#watchSilence();
  }

  #read(response: IncomingMessage): void {
    response.on('error', () => undefined);
    response.once('close', () => {
      this.#retryLater();
    });
    if (response.statusCode !== 200) {
      response.resume();
      this.#request?.destroy();
      return;
    }
    const splitter = new ServerEventSplitter();
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      this.#retryMs = RETRY_FIRST_MS;
      this.#watchSilence();
      for (const { event, data } of splitter.push(text)) {
        if (event === 'state') this.#tell(data);
      }
    });
  }

  /** An event that cannot be read changes nothing: the heartbeat asks again. */
  #tell(data: string): void {
    let state: WireState;
    try {
      state = JSON.parse(data) as WireState;
    } catch {
      return;
    }
    if (!this.#closed) this.#onState(state);
  }

  #watchSilence(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.schedule(SILENCE_MAX_MS, () => {
      this.#request?.destroy();
      this.#retryLater();
    });
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#cancelTimer();
    const delayMs = this.#retryMs;
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    this.#cancelTimer = this.#clock.schedule(delayMs, () => {
      this.#connect();
    });
  }
}
