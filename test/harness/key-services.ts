import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- test doubles read bodies freely */
type Json = Record<string, any>;
type Answer = { status: number; body: Json } | 'hang';

const STATUS: Readonly<Record<string, number>> = { refuse: 403, error: 500, throttle: 429 };

/** Answers over a real socket, with a key that never leaves it. */
abstract class FakeKeyService {
  readonly calls: string[] = [];
  /** How it misbehaves from now on. */
  failure:
    'refuse' | 'hang' | 'nonsense' | 'error' | 'throttle' | 'other-key' | 'truncate' | undefined;
  readonly #key = randomBytes(32);
  readonly #server: Server = createServer((request, response) => {
    void this.#handle(request, response);
  });

  protected abstract answer(request: IncomingMessage, body: Json): Answer;

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  protected seal(plain: Buffer, context: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.from(context));
    // One byte less is what a proxy that cuts leaves; another key is what a wrong alias gives.
    const given = this.failure === 'other-key' ? randomBytes(plain.length) : plain;
    const body = Buffer.concat([cipher.update(given), cipher.final()]);
    const blob = Buffer.concat([nonce, body, cipher.getAuthTag()]);
    return this.failure === 'truncate' ? blob.subarray(0, -1) : blob;
  }

  protected unseal(blob: Buffer, context: string): Buffer {
    const nonce = blob.subarray(0, 12);
    const cipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.from(context));
    cipher.setAuthTag(blob.subarray(-16));
    return Buffer.concat([cipher.update(blob.subarray(12, -16)), cipher.final()]);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const answer = this.answer(request, text === '' ? {} : (JSON.parse(text) as Json));
    if (answer === 'hang' || this.failure === 'hang') return;
    const status = STATUS[this.failure ?? ''] ?? answer.status;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(this.failure === 'nonsense' ? 'sk-not-json' : JSON.stringify(answer.body));
  }
}

/** AWS KMS, as far as `Encrypt` and `Decrypt` go (JSON 1.1 protocol, signature version 4). */
export class FakeAwsKms extends FakeKeyService {
  protected answer(request: IncomingMessage, body: Json): Answer {
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    this.calls.push(operation);
    if (!(request.headers.authorization ?? '').startsWith('AWS4-HMAC-SHA256 Credential=AKIATEST'))
      return { status: 400, body: { __type: 'MissingAuthenticationTokenException' } };
    if (body['KeyId'] !== 'alias/iron-cage')
      return { status: 400, body: { __type: 'NotFoundException', message: 'no such key' } };
    const context = JSON.stringify(body['EncryptionContext']);
    try {
      if (operation === 'Encrypt') {
        const blob = this.seal(Buffer.from(String(body['Plaintext']), 'base64'), context);
        return { status: 200, body: { CiphertextBlob: blob.toString('base64'), KeyId: 'arn' } };
      }
      const plain = this.unseal(Buffer.from(String(body['CiphertextBlob']), 'base64'), context);
      return { status: 200, body: { Plaintext: plain.toString('base64'), KeyId: 'arn' } };
    } catch {
      return { status: 400, body: { __type: 'InvalidCiphertextException' } };
    }
  }
}

/** HashiCorp Vault: a transit key, and a KV engine of version 2. */
export class FakeHashiVault extends FakeKeyService {
  readonly token = 'hvs.test-token';
  readonly kv = new Map<string, Json>();

  protected answer(request: IncomingMessage, body: Json): Answer {
    const call = `${request.method ?? ''} ${request.url ?? ''}`;
    this.calls.push(call);
    if (request.headers['x-vault-token'] !== this.token)
      return { status: 403, body: { errors: ['permission denied'] } };
    if (call === 'POST /v1/transit/encrypt/iron-cage') {
      const blob = this.seal(Buffer.from(String(body['plaintext']), 'base64'), 'transit');
      return { status: 200, body: { data: { ciphertext: `vault:v1:${blob.toString('base64')}` } } };
    }
    if (call === 'POST /v1/transit/decrypt/iron-cage') {
      const blob = Buffer.from(String(body['ciphertext']).replace('vault:v1:', ''), 'base64');
      try {
        const plaintext = this.unseal(blob, 'transit').toString('base64');
        return { status: 200, body: { data: { plaintext } } };
      } catch {
        return { status: 400, body: { errors: ['cipher: message authentication failed'] } };
      }
    }
    const path = /^GET \/v1\/kv\/data\/(.+)$/.exec(call)?.[1];
    const data = path === undefined ? undefined : this.kv.get(path);
    if (data === undefined) return { status: 404, body: { errors: [] } };
    return { status: 200, body: { data: { data, metadata: { version: 1 } } } };
  }
}
