import { createHash, createHmac } from 'node:crypto';
import { request as send } from 'node:http';
import type { Json } from './installation.js';
import { sealedSession } from './vault.js';

/** What a request says, and what its proof says of it; a test may make the two differ. */
export interface Said {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly bearer: string;
  readonly sessionId: string;
  readonly keyVersion: number;
  readonly time: string;
  readonly key: Buffer;
}

/** As docs/sdk-protocol.md says it, for agents in any language. */
export function proofOf({ method, path, body, bearer, sessionId, keyVersion, time, key }: Said) {
  const sha256 = (data: Buffer | string): string =>
    createHash('sha256').update(data).digest('base64url');
  const text = `iron-cage-proof/1\n${method}\n${path}\n${sha256(body)}\n${sessionId}\n${time}\n${sha256(bearer)}`;
  const mac = createHmac('sha256', key).update(text).digest('base64url');
  return `1.${sessionId}.${keyVersion}.${time}.${mac}`;
}

export interface Raw {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** HTTP without anything that tidies up: path and body leave as they are given. */
export function rawCall(
  url: string,
  method: string,
  path: string,
  options: { token: string; body?: Buffer | undefined; proof?: string | undefined; type?: string },
): Promise<Raw> {
  const { token, body, proof, type = 'application/json' } = options;
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = send({
      hostname,
      port,
      method,
      path,
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': type, 'content-length': body.length }),
        ...(proof !== undefined && { 'iron-cage-proof': proof }),
      },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const isStream = (response.headers['content-type'] ?? '').includes('event-stream');
      let text = '';
      const done = (): void => {
        const isJson = (response.headers['content-type'] ?? '').includes('json');
        resolve({
          status: response.statusCode ?? 0,
          body: (isJson && text !== '' ? JSON.parse(text) : {}) as Json,
          headers: response.headers,
        });
      };
      if (isStream) {
        done();
        sent.destroy();
        return;
      }
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', done);
    });
    sent.end(body);
  });
}

/** A session that holds its proof key, as an SDK does. */
export class BoundSession {
  private constructor(
    readonly url: string,
    readonly key: string,
    readonly id: string,
    readonly proofKey: Buffer,
    readonly keyVersion: number,
  ) {}

  static async start(url: string, key: string): Promise<BoundSession> {
    const session = await sealedSession(url, key);
    if (session.answer.status !== 201) throw new Error(JSON.stringify(session.answer.body));
    const { proof } = await session.open();
    const proofKey = Buffer.from(proof.key, 'base64url');
    return new BoundSession(url, key, session.sessionId, proofKey, proof.keyVersion);
  }

  /** @param lies what the proof says otherwise than the request */
  async call(
    method: string,
    path: string,
    body?: unknown,
    lies: Partial<Said> = {},
    url = this.url,
  ): Promise<Raw> {
    const bytes =
      body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const proof = this.proof(method, path, bytes, lies);
    return rawCall(url, method, path, { token: this.key, body: bytes, proof });
  }

  proof(method: string, path: string, body?: Buffer, lies: Partial<Said> = {}): string {
    return proofOf({
      method,
      path,
      body: body ?? Buffer.alloc(0),
      bearer: this.key,
      sessionId: this.id,
      keyVersion: this.keyVersion,
      time: String(Date.now()),
      key: this.proofKey,
      ...lies,
    });
  }
}
