import { newId } from '../../src/kernel/ids.js';
import { startServer, type TestServer } from './server.js';
import type { Config } from '../../src/platform/config/index.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON as they please
export type Json = Record<string, any>;

export interface Answer<T = Json> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** HTTP as a client sees it: no retries, no exceptions for refusals. */
export async function call<T = Json>(
  url: string,
  method: string,
  path: string,
  options: {
    readonly token?: string | undefined;
    readonly body?: unknown;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Answer<T>> {
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...(options.body !== undefined && { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body !== undefined && {
      body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
    }),
  });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json');
  return {
    status: response.status,
    body: (json && text !== '' ? JSON.parse(text) : text) as T,
    headers: response.headers,
  };
}

export const OWNER = {
  email: 'owner@acme.test',
  password: 'correct horse battery',
  name: 'Rosa Owner',
};

/** A server with its first organization and owner. */
export class Installation {
  private constructor(
    readonly server: TestServer,
    readonly token: string,
    readonly organizationId: string,
  ) {}

  static async start(overrides: Partial<Config> = {}): Promise<Installation> {
    const server = await startServer(overrides);
    const { status, body } = await call(server.url, 'POST', '/v1/setup', {
      body: { token: server.setupToken, organizationName: 'Acme', ...OWNER },
    });
    if (status !== 201) throw new Error(`set-up failed: ${JSON.stringify(body)}`);
    return new Installation(server, body['accessToken'], body['organization'].id);
  }

  get url(): string {
    return this.server.url;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** As the owner; throws unless the answer is 2xx. */
  async must<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await call<T>(this.url, method, path, {
      token: this.token,
      ...(body !== undefined && { body }),
    });
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  as<T = Json>(
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<T>> {
    return call<T>(this.url, method, path, { token, ...(body !== undefined && { body }) });
  }

  async project(
    options: { name?: string; deposit?: string; policy?: object; secret?: boolean } = {},
  ): Promise<ProjectFixture> {
    const name = options.name ?? `Project ${newId().slice(-8)}`;
    const project = await this.must('POST', '/v1/projects', {
      name,
      ...(options.policy && { policy: options.policy }),
    });
    const id = project['id'] as string;
    if (options.deposit !== undefined) {
      await this.must('POST', `/v1/projects/${id}/deposits`, {
        requestId: newId(),
        amount: options.deposit,
      });
    }
    if (options.secret ?? true) {
      await this.must('POST', '/v1/secrets', {
        name: `openai ${id.slice(-8)}`,
        provider: 'openai',
        projectId: id,
        fields: { OPENAI_API_KEY: 'sk-test-canary-0123456789abcdef' },
      });
    }
    const { secret, key } = await this.must('POST', `/v1/projects/${id}/keys`, {
      name: 'agent',
      environment: 'dev',
    });
    return { id, name, key: secret as string, keyId: key.id as string };
  }

  /** A session of an agent that keeps its secrets sealed: enough for everything but the secrets. */
  async session(key: string): Promise<string> {
    const { status, body } = await this.as(key, 'POST', '/v1/sdk/sessions', sessionRequest());
    if (status !== 201) throw new Error(`session: ${status} ${JSON.stringify(body)}`);
    return body['sessionId'] as string;
  }

  balance(
    projectId: string,
  ): Promise<Record<'deposited' | 'spent' | 'leased' | 'available' | 'debt', string>> {
    return this.must('GET', `/v1/projects/${projectId}`).then((project) => project['balance']);
  }

  ledgerCheck(): Promise<{ ok: boolean; findings: unknown[] }> {
    return this.must('GET', '/v1/ledger/check');
  }
}

export interface ProjectFixture {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly keyId: string;
}

/** A public key that nobody can open for: the base point's multiples are fine, all that matters is that it is on the curve. */
export function sessionRequest(publicKey = Buffer.alloc(32, 9).toString('base64url')): object {
  return {
    protocol: 1,
    publicKey,
    nonce: Buffer.alloc(16, 7).toString('base64url'),
    agent: { name: 'test-agent', sdk: 'test/1', runtime: 'node/24', host: 'test-host', pid: 4711 },
  };
}

const NO_TOKENS = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  audioInput: 0,
  audioOutput: 0,
};

/** One call of gpt-5-mini: $0.25 per million input tokens and $2 per million output tokens. */
export function usage(
  tokens: Partial<typeof NO_TOKENS>,
  overrides: object = {},
): Record<string, unknown> {
  return {
    id: newId(),
    provider: 'openai',
    model: 'gpt-5-mini',
    outcome: 'completed',
    estimated: false,
    tokens: { ...NO_TOKENS, ...tokens },
    cost: '0.000000000',
    pricesVersion: 'test',
    durationMs: 10,
    ...overrides,
  };
}
