import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

/** A small Iron Cage server for tests of the SDK: real HTTP, real HPKE, money in a Map. */
export interface FakeSecret {
  readonly provider: string;
  readonly hosts: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
  readonly paths?: readonly string[];
  readonly header?: { readonly name: string; readonly value: string } | null;
  readonly metered?: boolean;
  readonly id?: string;
  readonly unavailable?: { code: string; message: string; variables: readonly string[] };
}

export interface FakeLease {
  readonly id: string;
  readonly sessionId: string;
  readonly amountNano: bigint;
  usedNano: bigint;
  seq: number;
  state: 'PENDING' | 'SETTLED';
}

export interface Settlement {
  readonly leaseId: string;
  readonly body: Json;
}

export type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- test doubles read bodies freely

export interface FakeServerOptions {
  readonly secrets: readonly FakeSecret[];
  readonly models: readonly Json[];
  readonly mode?: 'enforce' | 'observe';
  readonly balanceUsd?: number;
  readonly tranche?: string;
  readonly reportIntervalSeconds?: number;
  readonly heartbeatSeconds?: number;
  readonly leaseTtlSeconds?: number;
  readonly secretsTtlSeconds?: number;
  readonly pii?: Json;
  /** False: an older server, which knows no proofs. */
  readonly proofs?: boolean;
  readonly unbounded?: 'cap' | 'block';
  readonly multipliers?: readonly Json[];
  readonly overrides?: readonly Json[];
}

/** Answers instead of the normal handling; undefined: handle normally. */
export type Intercept = (
  route: string,
  body: Json,
) =>
  | { status: number; body?: Json; headers?: Record<string, string>; drop?: 'before' | 'after' }
  | undefined;

export class FakeServer {
  readonly leases = new Map<string, FakeLease>();
  readonly settlements: Settlement[] = [];
  readonly calls: string[] = [];
  readonly sessions: string[] = [];
  readonly agents: Json[] = [];
  readonly problems: string[] = [];
  /** Of each session; one that is taken away makes its proofs worthless. */
  readonly proofKeys = new Map<string, Buffer>();
  /** Whose proof came with the last request. */
  proven = '';
  /** Whether the project wants proofs; one that is sent is always checked. */
  senderBinding: 'off' | 'required' = 'required';
  /** How far this server's clock is from the machine's. */
  clockAheadMs = 0;
  intercept: Intercept = () => undefined;
  project: 'active' | 'paused' | 'archived' = 'active';
  keyState: 'active' | 'revoked' = 'active';
  endedSessions = new Set<string>();
  balanceNano: bigint;
  /** What the next session gets; {@link rotate} changes it. */
  secrets: readonly FakeSecret[];
  secretsVersion = 's1';
  heldNano = 0n;
  spentNano = 0n;
  #pii: Json;
  #unbounded: 'cap' | 'block';
  readonly #options: FakeServerOptions;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #answers = new Map<string, { request: string; status: number; body: Json }>();

  private constructor(options: FakeServerOptions) {
    this.#pii = options.pii ?? { email: 'block', card: 'block' };
    this.#unbounded = options.unbounded ?? 'cap';
    this.#options = options;
    this.secrets = options.secrets;
    this.balanceNano = BigInt(Math.round((options.balanceUsd ?? 10) * 1e9));
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        this.problems.push(String(error));
        response.destroy();
      });
    });
  }

  static async start(options: FakeServerOptions): Promise<FakeServer> {
    const fake = new FakeServer(options);
    await new Promise<void>((resolve) => {
      fake.#server.listen(0, '127.0.0.1', resolve);
    });
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`;
  }

  get availableNano(): bigint {
    return this.balanceNano - this.heldNano - this.spentNano;
  }

  get records(): Json[] {
    return this.settlements.flatMap(({ body }) => body['usage'] as Json[]);
  }

  get openLeases(): FakeLease[] {
    return [...this.leases.values()].filter(({ state }) => state === 'PENDING');
  }

  count(route: string): number {
    return this.calls.filter((call) => call === route).length;
  }

  /** Tells every connected SDK the state. */
  push(): void {
    for (const stream of this.#streams) this.#sendState(stream);
  }

  /** Another policy for personal data from now on; connected SDKs are told. */
  follow(pii: Json): void {
    this.#pii = pii;
    this.push();
  }

  /** Another rule for calls whose cost is not in the request; connected SDKs are told. */
  rule(unbounded: 'cap' | 'block'): void {
    this.#unbounded = unbounded;
    this.push();
  }

  /** Other secrets from now on; connected SDKs are told. */
  rotate(secrets: readonly FakeSecret[]): void {
    this.secrets = secrets;
    this.secretsVersion += '+';
    this.push();
  }

  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
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
    const path = new URL(request.url ?? '/', this.url).pathname;
    const route = `${request.method ?? ''} ${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id')}`;
    const id = /([0-9a-f]{8}-[0-9a-f-]{27})/.exec(path)?.[1] ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? {} : (JSON.parse(text) as Json);
    this.calls.push(route);
    const forced = this.intercept(route, body);
    if (forced !== undefined && forced.drop !== 'after') {
      if (forced.drop === 'before') response.destroy();
      else send(response, forced.status, forced.body ?? {}, forced.headers);
      return;
    }
    if (!/^Bearer ic_(dev|live)_/.test(request.headers.authorization ?? '')) {
      send(response, 401, refusal('KEY_MALFORMED'));
      return;
    }
    const refused = this.#refuseUnproven(request, Buffer.concat(chunks));
    if (route !== 'POST /v1/sdk/sessions' && refused !== undefined) {
      send(response, 401, refused);
      return;
    }
    if (route === 'GET /v1/sdk/sessions/:id/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.#streams.add(response);
      response.on('close', () => this.#streams.delete(response));
      this.#sendState(response);
      return;
    }
    const answer = await this.#answer(route, id, body);
    if (forced?.drop === 'after' && forced.status === 0) response.destroy();
    else if (forced) send(response, forced.status, forced.body ?? {}, forced.headers);
    else send(response, answer.status, answer.body);
  }

  /** Written after docs/sdk-protocol.md, not after either implementation. */
  #refuseUnproven({ method, url, headers }: IncomingMessage, body: Buffer): Json | undefined {
    if (this.#options.proofs === false) return undefined;
    if (headers['iron-cage-proof'] === undefined && this.senderBinding === 'off') return undefined;
    const [version, sessionId = '', , time = '', mac] = String(headers['iron-cage-proof']).split(
      '.',
    );
    const key = this.proofKeys.get(sessionId);
    if (version !== '1') return refusal('PROOF_REQUIRED');
    const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest('base64url');
    const bearer = headers.authorization?.replace('Bearer ', '') ?? '';
    const text = `iron-cage-proof/1\n${method ?? ''}\n${url ?? ''}\n${sha256(body)}\n${sessionId}\n${time}\n${sha256(bearer)}`;
    if (key === undefined || createHmac('sha256', key).update(text).digest('base64url') !== mac) {
      return refusal('PROOF_INVALID');
    }
    const serverTime = Date.now() + this.clockAheadMs;
    if (Math.abs(serverTime - Number(time)) > 30_000) {
      return refusal('PROOF_EXPIRED', { serverTime });
    }
    this.proven = sessionId;
    return undefined;
  }

  async #answer(route: string, id: string, body: Json): Promise<{ status: number; body: Json }> {
    switch (route) {
      case 'POST /v1/sdk/sessions':
        return this.#session(body);
      case 'POST /v1/sdk/sessions/:id/heartbeat':
        return { status: 200, body: this.#state(id) };
      case 'DELETE /v1/sdk/sessions/:id':
        return { status: 204, body: {} };
      case 'POST /v1/sdk/leases':
        return this.#once(`lease ${String(body['leaseId'])}`, body, () => this.#lease(body));
      case 'POST /v1/sdk/leases/:id/settlements':
        return this.#once(`${id} ${String(body['seq'])}`, body, () => this.#settle(id, body));
      default:
        return { status: 404, body: refusal('NOT_FOUND') };
    }
  }

  /** The same id twice is answered alike, with another body it is a conflict. */
  #once(
    name: string,
    body: Json,
    act: () => { status: number; body: Json },
  ): { status: number; body: Json } {
    const request = JSON.stringify(body);
    const known = this.#answers.get(name);
    if (known !== undefined && known.request !== request) {
      this.problems.push(`conflict: ${name}`);
      return { status: 409, body: refusal('CONFLICT') };
    }
    const answer = known ?? { request, ...act() };
    if (answer.status < 500 && answer.status !== 423) this.#answers.set(name, answer);
    return answer;
  }

  async #session(body: Json): Promise<{ status: number; body: Json }> {
    if (this.keyState === 'revoked') return { status: 401, body: refusal('KEY_INVALID') };
    if (this.project !== 'active') return { status: 423, body: refusal('PROJECT_PAUSED') };
    if (this.secrets.length === 0) return { status: 409, body: refusal('PROJECT_HAS_NO_SECRET') };
    // Of one moment, as a server reads them: a rotation while they are being sealed is another version.
    const { secrets: current, secretsVersion } = this;
    const sessionId = randomUUID();
    this.sessions.push(sessionId);
    this.agents.push(body['agent'] as Json);
    const expiresAt = 1_900_000_000;
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes256Gcm(),
    });
    const raw = Buffer.from(String(body['publicKey']), 'base64url');
    const recipientPublicKey = await suite.kem.deserializePublicKey(new Uint8Array(raw).buffer);
    const utf8 = (value: string): ArrayBuffer => new TextEncoder().encode(value).buffer;
    const secrets = current.map((secret, index) => ({
      id: randomUUID(),
      name: `secret-${index.toString()}`,
      version: 1,
      ...secret,
    }));
    const sealed = await suite.seal(
      { recipientPublicKey, info: utf8('iron-cage/secrets/v1') },
      utf8(JSON.stringify({ secrets, proof: this.#proofFor(sessionId) })),
      utf8(`${sessionId}.${String(body['nonce'])}.${expiresAt.toString()}`),
    );
    return {
      status: 201,
      body: {
        sessionId,
        organization: { id: randomUUID(), name: 'Acme' },
        project: { id: randomUUID(), name: 'Research', state: 'active' },
        secrets: {
          enc: Buffer.from(sealed.enc).toString('base64url'),
          ciphertext: Buffer.from(sealed.ct).toString('base64url'),
          expiresAt,
          ttlSeconds: this.#options.secretsTtlSeconds ?? 3600,
        },
        policy: {
          trancheSize: this.#options.tranche ?? '0.500000000',
          reportIntervalSeconds: this.#options.reportIntervalSeconds ?? 60,
          heartbeatSeconds: this.#options.heartbeatSeconds ?? 10,
          mode: this.#options.mode ?? 'enforce',
          unbounded: this.#unbounded,
          pii: this.#pii,
        },
        secretsVersion,
        prices: {
          version: 'v1',
          models: this.#options.models,
          multipliers: this.#options.multipliers ?? [],
          overrides: this.#options.overrides ?? [],
        },
        unknownField: true,
      },
    };
  }

  #proofFor(sessionId: string): Json | undefined {
    if (this.#options.proofs === false) return undefined;
    const key = randomBytes(32);
    this.proofKeys.set(sessionId, key);
    return { keyVersion: 1, key: key.toString('base64url'), time: Date.now() + this.clockAheadMs };
  }

  #lease(body: Json): { status: number; body: Json } {
    if (this.keyState === 'revoked') return { status: 401, body: refusal('KEY_INVALID') };
    if (this.project !== 'active') return { status: 423, body: refusal('PROJECT_PAUSED') };
    const wanted = nano(String(body['wanted']));
    const minimum = nano(String(body['minimum']));
    if (minimum > wanted) {
      this.problems.push(`a minimum of ${usd(minimum)}, more than what is wanted`);
      return { status: 422, body: refusal('VALIDATION_FAILED') };
    }
    const tranche = nano(this.#options.tranche ?? '0.500000000');
    const most = minimum > tranche ? minimum : tranche;
    const capped = wanted < most ? wanted : most;
    const available = this.availableNano;
    const amountNano = capped < available ? capped : available;
    if (amountNano <= 0n || amountNano < minimum) {
      return {
        status: 402,
        body: refusal('BUDGET_EXCEEDED', {
          scope: 'project',
          scopeId: 'p1',
          scopeName: 'Research',
          limit: usd(this.balanceNano),
          spent: usd(this.spentNano),
          leased: usd(this.heldNano),
          available: usd(available > 0n ? available : 0n),
          minimum: usd(minimum),
          nextResetAt: null,
        }),
      };
    }
    const id = String(body['leaseId']);
    const sessionId = String(body['sessionId']);
    this.leases.set(id, { id, sessionId, amountNano, usedNano: 0n, seq: 0, state: 'PENDING' });
    this.heldNano += amountNano;
    const ttlSeconds = this.#options.leaseTtlSeconds ?? 300;
    return { status: 201, body: { leaseId: id, amount: usd(amountNano), ttlSeconds } };
  }

  #settle(id: string, body: Json): { status: number; body: Json } {
    const lease = this.leases.get(id);
    if (lease === undefined) return { status: 404, body: refusal('NOT_FOUND') };
    if (lease.sessionId !== body['sessionId']) return { status: 403, body: refusal('FORBIDDEN') };
    if (lease.state !== 'PENDING' || body['seq'] !== lease.seq + 1) {
      this.problems.push(`bad settlement of ${id}: seq ${String(body['seq'])} in ${lease.state}`);
      return { status: 409, body: refusal('CONFLICT') };
    }
    this.settlements.push({ leaseId: id, body });
    lease.seq += 1;
    const booked = (body['usage'] as Json[]).reduce(
      (sum, record) => sum + nano(String(record['cost'])),
      0n,
    );
    const room = lease.amountNano - lease.usedNano;
    lease.usedNano += booked;
    this.spentNano += booked;
    this.heldNano -= booked < room ? booked : room;
    const rest = lease.amountNano - lease.usedNano;
    if (body['final'] === true) {
      lease.state = 'SETTLED';
      if (rest > 0n) this.heldNano -= rest;
    }
    const answer: Json = {
      leaseId: id,
      seq: body['seq'],
      state: lease.state,
      booked: usd(booked),
      returned: usd(body['final'] === true && rest > 0n ? rest : 0n),
      late: usd(0n),
    };
    if (body['next'] !== undefined) {
      const granted = this.#lease({ ...body['next'], sessionId: lease.sessionId });
      answer['next'] =
        granted.status === 201
          ? { granted: true, ...granted.body }
          : { granted: false, error: granted.body['error'] as Json };
    }
    return { status: 200, body: answer };
  }

  #state(sessionId: string): Json {
    return {
      session: this.endedSessions.has(sessionId) ? 'ended' : 'active',
      key: this.keyState,
      project: this.project,
      pricesVersion: 'v1',
      secretsVersion: this.secretsVersion,
      available: usd(this.availableNano > 0n ? this.availableNano : 0n),
      unbounded: this.#unbounded,
      pii: this.#pii,
    };
  }

  #sendState(stream: ServerResponse): void {
    const state = this.#state(this.sessions.at(-1) ?? '');
    stream.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
  }
}

function send(response: ServerResponse, status: number, body: Json, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

export function refusal(code: string, details?: Json): Json {
  return { error: { code, message: code, requestId: 'req-1', ...(details && { details }) } };
}

export function nano(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

export function usd(amount: bigint): string {
  return `${(amount / 1_000_000_000n).toString()}.${(amount % 1_000_000_000n).toString().padStart(9, '0')}`;
}
