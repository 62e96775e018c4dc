import pg from 'pg';
import type { Config } from '../../src/platform/config/index.js';
import { startServer, type TestServer } from './server.js';

export interface Answer {
  readonly status: number;
  /** The JSON of the answer; what is in it is for the test to check. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped JSON
  readonly body: any;
  readonly headers: Headers;
  /** `name=value` of the cookie that was set, ready to be sent back. */
  readonly cookie: string | undefined;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** One caller of the HTTP API. */
export class Api {
  constructor(
    readonly url: string,
    readonly bearer?: string,
  ) {}

  as(bearer: string | undefined): Api {
    return new Api(this.url, bearer);
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.send('GET', path, options);
  }

  post(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('POST', path, { ...options, body });
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { body } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.bearer !== undefined && { authorization: `Bearer ${this.bearer}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      body: json ? (JSON.parse(text) as unknown) : text,
      headers: response.headers,
      cookie: response.headers.getSetCookie()[0]?.split(';')[0],
    };
  }
}

export const OWNER = {
  organizationName: 'Ravenna Robotics',
  name: 'Olga Owner',
  email: 'olga@example.com',
  password: 'a long enough sentence',
};

export interface Cage {
  readonly server: TestServer;
  /** Nobody. */
  readonly api: Api;
  /** The owner of the first organization, who also operates the installation. */
  readonly owner: Api;
  readonly setup: Answer;
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** A running server whose set-up is done. */
export async function startCage(overrides: Partial<Config> = {}): Promise<Cage> {
  const server = await startServer(overrides);
  const database = new pg.Client(server.databaseUrl);
  await database.connect();
  const api = new Api(server.url);
  const setup = await api.post('/v1/setup', { ...OWNER, token: server.setupToken });
  return {
    server,
    api,
    owner: api.as(setup.body.accessToken as string),
    setup,
    query: async <Row>(sql: string, parameters: unknown[] = []) =>
      (await database.query(sql, parameters)).rows as Row[],
    stop: async () => {
      await database.end();
      await server.stop();
    },
  };
}

/** Adds a member and signs in as that one. */
export async function signInAs(
  cage: Cage,
  role: 'admin' | 'developer' | 'viewer',
  email = `${role}@example.com`,
): Promise<Api> {
  const password = `the password of ${email}`;
  await cage.owner.post('/v1/members', { email, name: role, role, password });
  const login = await cage.api.post('/v1/auth/login', { email, password });
  return cage.api.as(login.body.accessToken as string);
}

/** A second organization of the same operator, and its owner in it. */
export async function foundSecondOrganization(cage: Cage, name = 'Other Company'): Promise<Api> {
  const { body } = await cage.owner.post('/v1/organizations', { name });
  const { email, password } = OWNER;
  const login = await cage.api.post('/v1/auth/login', { email, password, organizationId: body.id });
  return cage.api.as(login.body.accessToken as string);
}
