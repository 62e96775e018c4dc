import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDatabase } from '../harness/server.js';
import { call, OWNER } from '../harness/installation.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The server as an operator starts it, from source. */
async function run(env: Record<string, string>): Promise<{
  code: number | null;
  output: string;
  url: string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<number | null>;
}> {
  const child = spawn(
    process.execPath,
    ['--import', '@swc-node/register/esm-register', 'src/main.ts'],
    {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: '/nonexistent',
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'info',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => resolve(code)),
  );
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/Master key .*\n/.test(output)) resolve();
      });
    }
  });
  await Promise.race([ready, ended]);
  return {
    code: child.exitCode,
    output,
    url: /Dashboard\s+(\S+)\/dashboard\//.exec(output)?.[1] ?? '',
    kill: (signal) => child.kill(signal),
    ended,
  };
}

describe('starting and stopping', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-start-'));
    await chmod(folder, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('starts with nothing but a folder, survives kill -9 without losing what it acknowledged, and stops cleanly', async () => {
    const env = { IRON_CAGE_DATA_DIR: path.join(folder, 'data') };
    const first = await run(env);
    expect(first.output).toMatch(
      /Set-up\s+http:\/\/127\.0\.0\.1:\d+\/dashboard\/setup#token=[\w-]{20,}/,
    );
    const token = (await readFile(path.join(folder, 'data', 'setup-token'), 'utf8')).trim();
    const setup = await call(first.url, 'POST', '/v1/setup', {
      body: { token, organizationName: 'Acme', ...OWNER },
    });
    expect(setup.status).toBe(201);
    const project = await call(first.url, 'POST', '/v1/projects', {
      token: setup.body['accessToken'],
      body: { name: 'Research' },
    });
    expect(project.status).toBe(201);
    await expect(readFile(path.join(folder, 'data', 'setup-token'))).rejects.toThrow('ENOENT');
    const twin = await run(env);
    expect(twin).toMatchObject({ code: 1, output: expect.stringContaining('[DATA_FOLDER]') });
    first.kill('SIGKILL');
    await first.ended;

    const second = await run(env);
    expect(second.output).not.toContain('Set-up ');
    const { body } = await call(second.url, 'POST', '/v1/auth/login', {
      body: { email: OWNER.email, password: OWNER.password },
    });
    const { body: page } = await call(second.url, 'GET', '/v1/projects', {
      token: body['accessToken'],
    });
    expect(page['items']).toMatchObject([{ name: 'Research' }]);
    second.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  }, 120_000);

  it('refuses a wrong master key, says which one it needs, and changes nothing', async () => {
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, IRON_CAGE_DATA_DIR: folder };
    const right = await run({ ...env, IRON_CAGE_KEK: randomBytes(32).toString('base64') });
    right.kill('SIGTERM');
    await right.ended;
    const wrong = await run({ ...env, IRON_CAGE_KEK: randomBytes(32).toString('hex') });
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.output).toMatch(
      /encrypted with another master key: it needs [0-9a-f]{16}, and IRON_CAGE_KEK holds [0-9a-f]{16}.*\[KEK_WRONG\]/s,
    );
    const lost = await run(env);
    expect(lost.output).toMatch(
      /was encrypted with master key [0-9a-f]{16}\. Put the file back.*\[KEK_MISSING\]/s,
    );
    await database.drop();
  }, 60_000);

  it.each([
    ['a port that is no port', { PORT: '70000' }, /PORT must be 0 to 65535.*\[CONFIG_INVALID\]/s],
    ['a port that is no number', { PORT: 'http' }, /PORT must be a number.*\[CONFIG_INVALID\]/s],
    [
      'a database address of another kind',
      { DATABASE_URL: 'mysql://x' },
      /DATABASE_URL must look like postgres:.*\[CONFIG_INVALID\]/s,
    ],
    [
      'a database that is not there',
      { DATABASE_URL: 'postgres://u:canary-password@127.0.0.1:1/x' },
      /Cannot reach the database of DATABASE_URL.*\[DATABASE_UNREACHABLE\]/s,
    ],
    [
      'an unknown log level',
      { LOG_LEVEL: 'loud' },
      /LOG_LEVEL must be one of.*\[CONFIG_INVALID\]/s,
    ],
  ])('refuses %s with a sentence that says what to do', async (_name, env, sentence) => {
    const server = await run({ IRON_CAGE_DATA_DIR: folder, ...env });
    expect(server).toMatchObject({ code: 1, output: expect.stringMatching(sentence) });
    expect(server.output).not.toContain('canary-password');
    expect(server.output).not.toContain('    at ');
  });

  it('refuses a wrong password of the database without showing it', async () => {
    const database = await createDatabase();
    const server = await run({
      IRON_CAGE_DATA_DIR: folder,
      DATABASE_URL: database.url.replace(/:[^:@/]+@/, ':canary-password@'),
    });
    expect(server).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /refuses: password authentication failed.*\[DATABASE_REFUSED\]/s,
      ),
    });
    expect(server.output).not.toContain('canary-password');
    await database.drop();
  });

  it('refuses a Redis that is not there', async () => {
    const database = await createDatabase();
    const server = await run({
      IRON_CAGE_DATA_DIR: folder,
      DATABASE_URL: database.url,
      REDIS_URL: 'redis://127.0.0.1:1',
    });
    expect(server).toMatchObject({
      code: 1,
      output: expect.stringMatching(/Cannot reach Redis of REDIS_URL.*\[REDIS_UNREACHABLE\]/s),
    });
    await database.drop();
  });

  it('refuses a port that is in use', async () => {
    const database = await createDatabase();
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { port } = squatter.address() as AddressInfo;
    const server = await run({
      IRON_CAGE_DATA_DIR: folder,
      DATABASE_URL: database.url,
      PORT: String(port),
    });
    expect(server).toMatchObject({
      code: 1,
      output: expect.stringMatching(/Port \d+ on 127\.0\.0\.1 is in use.*\[PORT_IN_USE\]/s),
    });
    await new Promise((resolve) => squatter.close(resolve));
    await database.drop();
  });

  it.each([
    ['is not 32 bytes', 'c2hvcnQ=', 0o600, 'KEK_MALFORMED'],
    ['may be read by others', randomBytes(32).toString('base64'), 0o644, 'KEK_EXPOSED'],
  ])('refuses a master key file that %s', async (_name, text, mode, code) => {
    const database = await createDatabase();
    const file = path.join(folder, 'kek');
    await writeFile(file, text, { mode });
    await chmod(file, mode);
    const server = await run({ IRON_CAGE_DATA_DIR: folder, DATABASE_URL: database.url });
    expect(server).toMatchObject({ code: 1, output: expect.stringContaining(`[${code}]`) });
    expect(await readFile(file, 'utf8')).toBe(text);
    await database.drop();
  });

  it('refuses a data folder that is no database, and leaves every file in it alone', async () => {
    const data = path.join(folder, 'data', 'pg');
    await mkdir(data, { recursive: true });
    await writeFile(path.join(data, 'precious.txt'), 'mine');
    const server = await run({ IRON_CAGE_DATA_DIR: path.join(folder, 'data') });
    expect(server).toMatchObject({ code: 1, output: expect.stringContaining('[DATA_FOLDER]') });
    expect(await readFile(path.join(data, 'precious.txt'), 'utf8')).toBe('mine');
  });
});
