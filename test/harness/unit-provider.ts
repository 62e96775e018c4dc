import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A provider of what is not paid by the token: speech, transcription, reranking, image edits. It bills by its own count, in pico-dollars
 * of one unit; it shares no code with the SDK.
 */
export interface UnitRequest {
  readonly path: string;
  readonly contentType: string;
  readonly authorization: string;
  /** JSON bodies, or the texts of a form. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: readonly { readonly name: string; readonly bytes: Buffer }[];
}

export interface UnitAnswer {
  readonly status?: number;
  readonly type?: string;
  readonly body: Buffer | string | object;
  /** What it bills for this request. */
  readonly pico: bigint;
}

export type UnitScript = (request: UnitRequest) => UnitAnswer;

export class UnitProvider {
  readonly requests: UnitRequest[] = [];
  script: UnitScript = () => ({ body: {}, pico: 0n });
  #billedPico = 0n;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void (async () => {
        const seen = await read(request);
        this.requests.push(seen);
        const { status = 200, type = 'application/json', body, pico } = this.script(seen);
        this.#billedPico += pico;
        response.writeHead(status, { 'content-type': type });
        response.end(
          typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        );
      })().catch(() => response.destroy());
    });
  }

  static async start(): Promise<UnitProvider> {
    const provider = new UnitProvider();
    await new Promise<void>((resolve) => {
      provider.#server.listen(0, '127.0.0.1', resolve);
    });
    return provider;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  /** Each request would be rounded up: scripts bill whole nano-dollars. */
  get billedNano(): bigint {
    return this.#billedPico / 1_000n;
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

async function read(request: IncomingMessage): Promise<UnitRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  const about = {
    path: new URL(request.url ?? '/', 'http://x').pathname,
    contentType,
    authorization: request.headers.authorization ?? '',
  };
  if (!contentType.startsWith('multipart/form-data')) {
    const text = bytes.toString();
    return {
      ...about,
      fields: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      files: [],
    };
  }
  return { ...about, ...partsOf(bytes, contentType) };
}

/** A form, cut at its boundary. */
function partsOf(bytes: Buffer, contentType: string): Pick<UnitRequest, 'fields' | 'files'> {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(contentType)?.slice(1).find(Boolean) ?? '';
  const fields: Record<string, unknown> = {};
  const files: { name: string; bytes: Buffer }[] = [];
  const mark = Buffer.from(`--${boundary}`);
  for (let at = bytes.indexOf(mark); at >= 0;) {
    const next = bytes.indexOf(mark, at + mark.length);
    if (next < 0) break;
    const part = bytes.subarray(at + mark.length + 2, next - 2);
    const blank = part.indexOf('\r\n\r\n');
    const head = part.subarray(0, blank).toString();
    const value = part.subarray(blank + 4);
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? '';
    if (head.includes('filename=')) files.push({ name, bytes: Buffer.from(value) });
    else fields[name] = value.toString();
    at = next;
  }
  return { fields, files };
}
