import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../../src/cli/context.js';
import { readEnvironment } from '../../../src/cli/environment.js';
import { runCommandLine } from '../../../src/cli/program.js';

type Handler = (
  request: IncomingMessage,
  body: string,
) => { status: number; body?: unknown; cookie?: string } | 'hang up';

const PROJECT = { id: '018f0000-0000-7000-8000-000000000001', name: 'Research' };
const SIGN_IN = {
  accessToken: 'token-1',
  expiresInSeconds: 600,
  user: { id: 'u', email: 'rosa@acme.test', name: 'Rosa', operator: true },
  organization: { id: 'o', name: 'Acme', timeZone: 'UTC', createdAt: '2026-01-01T00:00:00.000Z' },
  role: 'owner',
};

let folder: string;
let server: Server | undefined;
let requests: string[] = [];

async function serve(handler: Handler): Promise<string> {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const answer = handler(request, text);
      if (answer === 'hang up') return request.socket.destroy();
      response.writeHead(answer.status, {
        'content-type': 'application/json',
        ...(answer.cookie && { 'set-cookie': answer.cookie }),
      });
      return response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(
  args: readonly string[],
  variables: Record<string, string> = {},
  stdin = '',
): Promise<{ code: number; out: string; err: string }> {
  const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(stdin);
  const streams = { stdin: input, stdout: out, stderr: err } as unknown as Streams;
  const code = await runCommandLine(
    args,
    streams,
    readEnvironment({
      XDG_CONFIG_HOME: folder,
      IRON_CAGE_DATA_DIR: path.join(folder, 'data'),
      ...variables,
    }),
  );
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ic-cli-'));
  requests = [];
});

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const ACCOUNT = { IRON_CAGE_EMAIL: 'rosa@acme.test', IRON_CAGE_PASSWORD: 'correct horse battery' };

describe('wrong usage', () => {
  it('exits with 2 and suggests the command that was meant', async () => {
    const { code, err } = await run(['projct', 'list']);
    expect(code).toBe(2);
    expect(err).toContain('Did you mean project?');
  });

  it('is JSON on standard error when JSON was asked for, and nothing on standard output', async () => {
    const { code, out, err } = await run(['deposit', 'Research', '1e3', '--json']);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(JSON.parse(err)).toMatchObject({
      error: { code: 'USAGE', message: expect.stringContaining('1e3') },
    });
  });

  it('takes no secret as an argument', async () => {
    const { code, err } = await run(['secret', 'add', 'main', 'sk-secret', '--provider', 'openai']);
    expect(code).toBe(2);
    expect(err).toContain('too many arguments');
  });

  it('prints the help with examples and exit codes', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('First steps:');
    expect(out).toContain('Exit codes:');
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('a server that is not there', () => {
  it('exits with 3 and says how to start it', async () => {
    const { code, err } = await run(['balance', '--url', 'http://127.0.0.1:9'], ACCOUNT);
    expect(code).toBe(3);
    expect(err).toContain('not reachable at http://127.0.0.1:9');
    expect(err).toContain('npm start');
  });

  it('is told apart from a server that is not Iron Cage', async () => {
    const url = await serve(() => ({ status: 404, body: { hello: 'world' } }));
    const { code, err } = await run(['balance', '--url', url], ACCOUNT);
    expect(code).toBe(3);
    expect(err).toContain('is not an Iron Cage server');
  });

  it('refuses an address that is none', async () => {
    const { code } = await run(['balance', '--url', 'localhost:3000']);
    expect(code).toBe(2);
  });
});

describe('login', () => {
  const handler: Handler = (request) => {
    if (request.url === '/v1/auth/login')
      return { status: 200, body: SIGN_IN, cookie: 'ic_refresh=first; HttpOnly; Path=/v1/auth' };
    if (request.url === '/v1/auth/refresh') {
      return request.headers.cookie === 'ic_refresh=first'
        ? {
            status: 200,
            body: { ...SIGN_IN, accessToken: 'token-2' },
            cookie: 'ic_refresh=second; HttpOnly; Path=/v1/auth',
          }
        : {
            status: 401,
            body: { error: { code: 'NOT_SIGNED_IN', message: 'Sign in.', requestId: 'r1' } },
          };
    }
    if (request.url === '/v1/auth/logout') return { status: 204 };
    return request.headers.authorization === 'Bearer token-2'
      ? { status: 200, body: { items: [] } }
      : {
          status: 401,
          body: {
            error: { code: 'TOKEN_INVALID', message: 'The token is not valid.', requestId: 'r2' },
          },
        };
  };

  it('is saved for its owner only, remembered with its server, renewed when refused, and forgotten', async () => {
    const url = await serve(handler);
    const signedIn = await run(
      ['login', '--url', url, '--email', 'rosa@acme.test', '--password-stdin', '--json'],
      {},
      'correct horse battery\n',
    );
    expect(signedIn.code).toBe(0);
    expect(signedIn.out).not.toContain('token-1');
    const file = path.join(folder, 'iron-cage/credentials.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // Token 1 is refused here: the saved cookie brings token 2, without naming the server again.
    expect(await run(['org', 'list', '--json'])).toMatchObject({
      code: 0,
      out: '{\n  "items": []\n}\n',
    });
    expect(requests.slice(1)).toEqual([
      'GET /v1/organizations',
      'POST /v1/auth/refresh',
      'GET /v1/organizations',
    ]);
    expect((await run(['logout'])).code).toBe(0);
    const afterwards = await run(['org', 'list']);
    expect(afterwards.code).toBe(4);
    expect(afterwards.err).toContain('iron-cage login');
  });

  it('is asked for again when it has ended on the server', async () => {
    const url = await serve((request, body) =>
      request.url === '/v1/auth/login'
        ? { status: 200, body: SIGN_IN, cookie: 'ic_refresh=stale; Path=/v1/auth' }
        : handler(request, body),
    );
    await run(['login', '--url', url], ACCOUNT);
    expect(await run(['org', 'list', '--json'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('NOT_SIGNED_IN'),
    });
  });

  it('asks nothing where there is no terminal', async () => {
    const { code, err } = await run(['login', '--email', 'rosa@acme.test']);
    expect(code).toBe(2);
    expect(err).toContain('--password-stdin');
  });
});

describe('money', () => {
  const balance = {
    projectId: PROJECT.id,
    deposited: '25.000000000',
    spent: '0.000000000',
    leased: '0.000000000',
    available: '25.000000000',
    debt: '0.000000000',
  };

  it('is sent again with the same request id when the answer is lost', async () => {
    const bodies: string[] = [];
    const url = await serve((request, body) => {
      if (request.url === '/v1/auth/login')
        return { status: 200, body: SIGN_IN, cookie: 'ic_refresh=x; Path=/v1/auth' };
      if (request.method === 'GET')
        return { status: 200, body: { items: [PROJECT], nextCursor: null } };
      bodies.push(body);
      return bodies.length < 3 ? 'hang up' : { status: 201, body: balance };
    });
    const { code, out } = await run(
      ['deposit', 'Research', '25', '--reason', 'November', '--url', url],
      ACCOUNT,
    );
    expect(code).toBe(0);
    expect(out).toContain('Research has $25.00 available');
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0]!)).toMatchObject({ amount: '25.000000000', reason: 'November' });
  });

  it('names the request id to repeat with when no answer ever came', async () => {
    const url = await serve((request) => {
      if (request.url === '/v1/auth/login')
        return { status: 200, body: SIGN_IN, cookie: 'ic_refresh=x; Path=/v1/auth' };
      return request.method === 'GET'
        ? { status: 200, body: { items: [PROJECT], nextCursor: null } }
        : 'hang up';
    });
    const { code, err } = await run(['deposit', 'Research', '25', '--url', url, '--json'], ACCOUNT);
    expect(code).toBe(3);
    const { error } = JSON.parse(err) as {
      error: { message: string; details: { requestId: string } };
    };
    expect(error.message).toContain(`--request-id ${error.details.requestId}`);
  });

  it('is never repeated when the server refused', async () => {
    const url = await serve((request) => {
      if (request.url === '/v1/auth/login')
        return { status: 200, body: SIGN_IN, cookie: 'ic_refresh=x; Path=/v1/auth' };
      if (request.method === 'GET')
        return { status: 200, body: { items: [PROJECT], nextCursor: null } };
      return {
        status: 409,
        body: {
          error: { code: 'BALANCE_TOO_LOW', message: 'Only $1.00 is free.', requestId: 'r-77' },
        },
      };
    });
    const { code, err } = await run(['withdraw', 'Research', '5', '--url', url], ACCOUNT);
    expect(code).toBe(1);
    expect(err).toContain('BALANCE_TOO_LOW, request r-77');
    expect(requests.filter((line) => line.includes('withdrawals'))).toHaveLength(1);
  });
});

describe('audit', () => {
  it('names the broken rows and exits with 1', async () => {
    const url = await serve((request) =>
      request.url === '/v1/auth/login'
        ? { status: 200, body: SIGN_IN, cookie: 'ic_refresh=x; Path=/v1/auth' }
        : {
            status: 200,
            body: {
              ok: false,
              checkedAccounts: 3,
              findings: [
                { invariant: 'reserved', subject: 'account 7', expected: '0', found: '5' },
              ],
            },
          },
    );
    const { code, out } = await run(['audit', '--url', url], ACCOUNT);
    expect(code).toBe(1);
    expect(out).toContain('account 7');
  });
});
