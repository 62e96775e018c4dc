import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request in its own way; what it writes is what goes over the wire. */
export type RawAnswer = (response: ServerResponse, request: IncomingMessage) => void;

/** A provider that keeps to no protocol: what arrives is counted, and `answer` does the rest. */
export class RawProvider {
  requests = 0;
  answer: RawAnswer = (response) => response.end();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests += 1;
      request.resume().once('end', () => {
        this.answer(response, request);
      });
    });
  }

  static async start(): Promise<RawProvider> {
    const provider = new RawProvider();
    await new Promise<void>((resolve) => {
      provider.#server.listen(0, '127.0.0.1', resolve);
    });
    return provider;
  }

  /** `host:port`, as a secret's host entry wants it. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}
