import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { Streams } from '../../src/cli/context.js';
import { readEnvironment } from '../../src/cli/environment.js';
import { runCommandLine } from '../../src/cli/program.js';
import { startServer, type TestServer } from '../harness/server.js';

const OWNER = ['--organization', 'Acme', '--name', 'Rosa Owner', '--email', 'rosa@acme.test'];
const PASSWORD = 'correct horse battery';
const CANARY = 'sk-test-canary-0123456789abcdef';

let server: TestServer;
let home: string;

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One command line against the real server, with a home of its own and no terminal. */
async function cli(
  args: readonly string[],
  options: { stdin?: string; variables?: Record<string, string> } = {},
): Promise<Result> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(options.stdin ?? '');
  const environment = readEnvironment({
    XDG_CONFIG_HOME: home,
    IRON_CAGE_URL: server.url,
    IRON_CAGE_DATA_DIR: server.dataDir,
    ...options.variables,
  });
  const code = await runCommandLine(
    args,
    { stdin, stdout, stderr } as unknown as Streams,
    environment,
  );
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

async function json<T = Record<string, unknown>>(
  args: readonly string[],
  options = {},
): Promise<T> {
  const { code, out, err } = await cli([...args, '--json'], options);
  if (code !== 0) throw new Error(`iron-cage ${args.join(' ')}: ${code} ${err}`);
  return JSON.parse(out) as T;
}

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'ic-cli-e2e-'));
  server = await startServer();
  writeFileSync(path.join(server.dataDir, 'setup-token'), `${server.setupToken}\n`, {
    mode: 0o600,
  });
  const { required } = (await (await fetch(`${server.url}/v1/setup`)).json()) as {
    required: boolean;
  };
  expect(required).toBe(true);
  await json(['setup', ...OWNER, '--password-stdin'], { stdin: `${PASSWORD}\n` });
});

afterAll(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

describe('setup and login', () => {
  it('found the token in the data folder and left a login that only its owner can read', async () => {
    expect(statSync(path.join(home, 'iron-cage/credentials.json')).mode & 0o777).toBe(0o600);
    expect(await json(['whoami'])).toMatchObject({ email: 'rosa@acme.test', role: 'owner' });
  });

  it('is done once', async () => {
    expect(await cli(['setup', ...OWNER, '--password-stdin'], { stdin: PASSWORD })).toMatchObject({
      code: 1,
      err: expect.stringContaining('SETUP_DONE'),
    });
  });

  it('refuses a wrong password with exit code 4', async () => {
    expect(
      await cli(['login', '--email', 'rosa@acme.test', '--password-stdin'], { stdin: 'wrong' }),
    ).toMatchObject({
      code: 4,
      err: expect.stringContaining('LOGIN_FAILED'),
    });
  });

  it('works for machines without a saved login', async () => {
    const variables = {
      XDG_CONFIG_HOME: path.join(home, 'none'),
      IRON_CAGE_EMAIL: 'rosa@acme.test',
      IRON_CAGE_PASSWORD: PASSWORD,
    };
    expect(await json(['whoami'], { variables })).toMatchObject({ email: 'rosa@acme.test' });
    expect(
      await cli(['whoami'], { variables: { XDG_CONFIG_HOME: path.join(home, 'none') } }),
    ).toMatchObject({ code: 4 });
  });
});

describe('from an empty installation to a key', () => {
  it('creates a project, funds it, stores a provider key and makes an Iron Cage key', async () => {
    const project = await json([
      'project',
      'create',
      'Research',
      '--tranche',
      '0.25',
      '--pii',
      'email=redact',
      '--pii',
      'phone=off',
    ]);
    expect(project).toMatchObject({
      state: 'active',
      policy: { trancheSize: '0.250000000', pii: { email: 'redact', card: 'block', phone: 'off' } },
    });
    expect(await json(['deposit', 'Research', '25', '--reason', 'November'])).toMatchObject({
      available: '25.000000000',
    });
    expect(await json(['withdraw', 'Research', '$5'])).toMatchObject({ available: '20.000000000' });

    const secret = await json(
      ['secret', 'add', 'openai-main', '--provider', 'openai', '--from-env', 'MY_KEY'],
      { variables: { MY_KEY: CANARY } },
    );
    expect(secret['fields']).toEqual([{ name: 'OPENAI_API_KEY', last4: 'cdef', reference: null }]);
    expect(
      await json(['secret', 'rotate', 'openai-main', '--stdin'], { stdin: `${CANARY}2\n` }),
    ).toMatchObject({ version: 2 });

    const { secret: key } = await json([
      'key',
      'create',
      'Research',
      '--name',
      'worker',
      '--environment',
      'live',
    ]);
    expect(key).toMatch(/^ic_live_/);
    const listed = await cli(['key', 'list']);
    expect(listed.out).toContain('worker');
    expect(listed.out).not.toContain(key);
  });

  it('shows balances, the ledger and leases', async () => {
    expect((await cli(['balance'])).out).toMatch(/Research +active +\$20\.00/);
    expect((await json(['balance', 'Research']))['available']).toBe('20.000000000');
    expect(
      (await json<{ items: { kind: string }[] }>(['ledger', 'Research'])).items.map(
        (entry) => entry.kind,
      ),
    ).toEqual(['WITHDRAWAL', 'DEPOSIT']);
    expect(
      (await json<{ items: unknown[]; more: boolean }>(['ledger', 'Research', '--limit', '1']))
        .items,
    ).toHaveLength(1);
    expect((await cli(['leases', '--open'])).out).toContain('No agent holds money now.');
    expect(await json(['usage'])).toMatchObject({ month: '0.000000000' });
    expect((await cli(['prices', '--search', 'gpt-5-mini'])).out).toContain('$0.25');
  });

  it('finds the ledger consistent', async () => {
    expect(await cli(['audit'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('consistent'),
    });
    const { code, out } = await cli(['doctor']);
    expect(out).toMatch(/ok +Ledger/);
    expect(out).toMatch(/ok +Vault/);
    expect(code).toBe(0);
  });
});

describe('operating a project', () => {
  it('is paused with a reason and resumed', async () => {
    expect(await cli(['project', 'pause', 'Research', '--reason', 'lunch'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Nothing is leased'),
    });
    expect((await cli(['project', 'show', 'Research'])).out).toContain('paused: lunch');
    expect(await json(['project', 'resume', 'Research'])).toMatchObject({ state: 'active' });
  });

  it('changes only what the options name', async () => {
    const before = await json(['project', 'show', 'Research']);
    const after = await json([
      'project',
      'set',
      'Research',
      '--pii',
      'card=warn',
      '--pii-pattern',
      'EMPLOYEE_ID:warn=EMP-[0-9]{5}',
      '--max-open-leases',
      '7',
      '--sender-binding',
      'required',
    ]);
    expect(after['policy']).toEqual({
      ...(before['policy'] as object),
      maxOpenLeases: 7,
      senderBinding: 'required',
      pii: {
        ...(before['policy'] as { pii: object }).pii,
        card: 'warn',
        patterns: [{ name: 'EMPLOYEE_ID', pattern: 'EMP-[0-9]{5}', action: 'warn' }],
      },
    });
    const { out } = await cli(['project', 'show', 'Research']);
    expect(out).toContain('redact email, ip; warn card, EMPLOYEE_ID');
    expect(out).toContain('required: requests of a session carry its proof');
    await json(['project', 'set', 'Research', '--sender-binding', 'off']);
    const removed = await json([
      'project',
      'set',
      'Research',
      '--pii-pattern-remove',
      'EMPLOYEE_ID',
    ]);
    expect((removed['policy'] as { pii: object }).pii).toMatchObject({
      card: 'warn',
      patterns: [],
    });
    const wrong = await cli(['project', 'set', 'Research', '--pii', 'names=block']);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('nationalId')]);
    expect(await cli(['project', 'set', 'Research'])).toMatchObject({ code: 2 });
    const blocked = await cli(['project', 'set', 'Research', '--unbounded', 'block']);
    expect(blocked.out).toMatch(/Unbounded +block: calls whose cost is not in the request/);
    expect((await cli(['project', 'set', 'Research', '--unbounded', 'any'])).code).not.toBe(0);
  });

  it('moves money once for one request id', async () => {
    const requestId = '01900000-0000-7000-8000-000000000001';
    const first = await json(['deposit', 'Research', '1', '--request-id', requestId]);
    const second = await json(['deposit', 'Research', '1', '--request-id', requestId]);
    expect(second['available']).toBe(first['available']);
    expect(await cli(['deposit', 'Research', '2', '--request-id', requestId])).toMatchObject({
      code: 1,
      err: expect.stringContaining('CONFLICT'),
    });
  });

  it('says no with the code and the request id', async () => {
    const { code, err } = await cli(['withdraw', 'Research', '1000']);
    expect(code).toBe(1);
    expect(err).toMatch(/BALANCE_TOO_LOW, request \S+/);
  });

  it('suggests the project that was meant', async () => {
    expect(await cli(['balance', 'Reserch'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean "Research"?'),
    });
  });

  it('makes keys with limits, changes and rotates them, and renews the pepper', async () => {
    const made = await json<{ key: { id: string }; secret: string }>([
      ...['key', 'create', 'Research', '--name', 'limited', '--scope', 'lease', 'report'],
      ...['--allow', '203.0.113.0/24', '--model', 'gpt-5*', '--requests-per-minute', '600'],
      ...['--spend-cap', '2.50', '--expires-in-days', '5'],
    ]);
    expect(made.key).toMatchObject({
      scopes: ['lease', 'report'],
      allowedAddresses: ['203.0.113.0/24'],
      models: ['gpt-5*'],
      requestsPerMinute: 600,
    });
    expect(await json(['key', 'update', 'limited', '--anywhere', '--any-model'])).toMatchObject({
      allowedAddresses: [],
      models: [],
      scopes: ['lease', 'report'],
    });
    const rotated = await json<typeof made>(['key', 'rotate', 'limited', '--overlap-minutes', '5']);
    expect(rotated.key.id).toBe(made.key.id);
    expect(rotated.secret).not.toBe(made.secret);
    expect(await cli(['key', 'rotate-pepper'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('under pepper 2 now'),
    });
    expect((await cli(['key', 'create', 'Research', '--allow', 'office'])).err).toContain(
      '203.0.113.0/24',
    );
    await json(['key', 'revoke', 'limited']);
  });

  it('shows usage by time, and refuses what is no time', async () => {
    expect(await json(['usage', '--by', 'hour', '--group', 'project'])).toMatchObject({
      bucket: 'hour',
      items: [],
      isCut: false,
    });
    expect((await cli(['usage', '--by', 'day', '--from', '2026-11-01'])).out).toContain('No call');
    expect(await cli(['usage', '--by', 'day', '--from', 'yesterday'])).toMatchObject({ code: 2 });
    expect(await cli(['usage', '--by', 'week'])).toMatchObject({ code: 2 });
  });

  it('shows the months that are kept, and drops none that is needed', async () => {
    const { months } = await json<{ months: { month: string; state: string }[] }>([
      'storage',
      'status',
    ]);
    expect(months.map(({ state }) => state)).toEqual(['current', 'ahead', 'ahead', 'ahead']);
    expect((await cli(['storage', 'status'])).out).toContain(months[0]?.month);
    expect(await cli(['storage', 'drop', months[0]?.month ?? '', '--yes'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('None can be dropped yet'),
    });
    expect(await cli(['storage', 'drop', 'November', '--yes'])).toMatchObject({ code: 2 });
    expect(await cli(['storage', 'drop', months[0]?.month ?? ''])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
  });

  it('revokes keys by prefix and destroys secrets only when told twice', async () => {
    const { key } = await json<{ key: { prefix: string } }>(['key', 'create', 'Research']);
    expect(await json(['key', 'revoke', key.prefix])).toMatchObject({ state: 'revoked' });
    expect(await cli(['secret', 'delete', 'openai-main'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect(await json(['secret', 'delete', 'openai-main', '--yes'])).toMatchObject({
      deleted: true,
    });
    expect((await cli(['secret', 'list'])).out).toContain('The vault is empty');
  });

  it('adds members, who may do what their role may', async () => {
    const { password } = await json<{ password: string }>([
      'member',
      'add',
      'val@acme.test',
      '--name',
      'Val',
      '--role',
      'viewer',
      '--generate-password',
    ]);
    const variables = {
      XDG_CONFIG_HOME: path.join(home, 'val'),
      IRON_CAGE_EMAIL: 'val@acme.test',
      IRON_CAGE_PASSWORD: password,
    };
    expect(await json(['balance', 'Research'], { variables })).toMatchObject({
      available: '21.000000000',
    });
    expect(await cli(['deposit', 'Research', '1'], { variables })).toMatchObject({
      code: 1,
      err: expect.stringContaining('FORBIDDEN'),
    });
  });
});
