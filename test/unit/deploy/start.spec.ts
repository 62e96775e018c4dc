import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

interface Stamps {
  contentHash(root: string, inputs: string[], leaveOut?: (file: string) => boolean): string;
}
interface Install {
  isInstalled(home: string): boolean;
}

/** The start scripts are plain JavaScript, without types. */
async function load<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(path.resolve('deploy', name)).href)) as T;
}

let folder: string;
let started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ic-start-'));
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started = [];
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

describe('the container', () => {
  it('runs the server with the same flags as npm start', async () => {
    const { SERVER_FLAGS } = await load<{ SERVER_FLAGS: string[] }>('server-flags.mjs');
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    expect(JSON.parse(command)).toEqual(['node', ...SERVER_FLAGS, 'dist/src/main.js']);
  });
});

describe('what has to be built again', () => {
  it('is what changed in name or content, and nothing else', async () => {
    const { contentHash } = await load<Stamps>('stamp.mjs');
    const hash = (): string =>
      contentHash(folder, ['src', 'package.json', 'absent.json'], (file) =>
        file.endsWith('.spec.ts'),
      );
    put('src/a.ts', 'one');
    put('package.json', '{}');
    const before = hash();
    expect(hash()).toBe(before);
    put('src/a.spec.ts', 'left out');
    put('elsewhere.ts', 'not an input');
    expect(hash()).toBe(before);
    put('src/deep/b.ts', '');
    const withFile = hash();
    expect(withFile).not.toBe(before);
    rmSync(path.join(folder, 'src/deep/b.ts'));
    put('src/deep/c.ts', '');
    expect(hash()).not.toBe(withFile);
  });
});

describe('what has to be installed again', () => {
  const lock = (packages: object): string => JSON.stringify({ packages: { '': {}, ...packages } });
  const WANTED = {
    'node_modules/a': { version: '1.0.0' },
    'node_modules/other-platform': {
      version: '1.0.0',
      optional: true,
      os: ['none'],
      cpu: ['none'],
    },
  };

  it('is nothing when somebody ran npm ci by hand, even without what is for other platforms', async () => {
    const { isInstalled } = await load<Install>('install.mjs');
    put('package-lock.json', lock(WANTED));
    expect(isInstalled(folder)).toBe(false);
    put('node_modules/.package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
    expect(isInstalled(folder)).toBe(false);
    put('node_modules/a/package.json', '{}');
    expect(isInstalled(folder)).toBe(true);
  });

  it('is everything when the lock file changed, or the package for this platform is missing', async () => {
    const { isInstalled } = await load<Install>('install.mjs');
    put('package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
    put('node_modules/.package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' } }));
    put('node_modules/a/package.json', '{}');
    expect(isInstalled(folder)).toBe(true);
    put('package-lock.json', lock({ 'node_modules/a': { version: '1.0.1' } }));
    expect(isInstalled(folder)).toBe(false);
    const native = {
      version: '1.0.0',
      optional: true,
      os: [process.platform],
      cpu: [process.arch],
    };
    put(
      'package-lock.json',
      lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/native': native }),
    );
    expect(isInstalled(folder)).toBe(false);
  });
});

/** A stand-in for the server: notes its signals, ends gracefully when its parent's channel closes. */
const SERVER = `
import { appendFileSync } from 'node:fs';
const note = (line) => appendFileSync(process.argv[2], line + '\\n');
note('pid ' + process.pid + ' ' + process.env.IRON_CAGE_SUPERVISED);
process.on('SIGINT', () => { note('SIGINT'); setTimeout(() => process.exit(7), 1500); });
process.on('SIGTERM', () => { note('SIGTERM'); process.exit(8); });
process.on('disconnect', () => { note('disconnect'); process.exit(0); });
setInterval(() => {}, 1000);
`;

describe('the start script and its server', () => {
  async function start(): Promise<{
    parent: ChildProcess;
    lines: () => string[];
    exit: Promise<number | null>;
  }> {
    put('server.mjs', SERVER);
    const log = path.join(folder, 'log');
    writeFileSync(log, '');
    const supervise = pathToFileURL(path.resolve('deploy/supervise.mjs')).href;
    const script = `const { supervise } = await import(${JSON.stringify(supervise)});
      process.exitCode = await supervise(process.execPath, [${JSON.stringify(path.join(folder, 'server.mjs'))}, ${JSON.stringify(log)}], { cwd: '/', env: process.env });`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'ignore',
    });
    started.push(parent);
    const exit = new Promise<number | null>((resolve) => parent.once('exit', resolve));
    const lines = (): string[] => readFileSync(log, 'utf8').trim().split('\n');
    await until(() => lines()[0]?.startsWith('pid') ?? false);
    return { parent, lines, exit };
  }

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 200 && !condition(); i++) await wait(50);
    expect(condition()).toBe(true);
  }

  it('passes a Ctrl-C on once, waits, and takes over the exit code', async () => {
    const { parent, lines, exit } = await start();
    expect(lines()[0]).toMatch(/ 1$/);
    parent.kill('SIGINT');
    await until(() => lines().includes('SIGINT'));
    parent.kill('SIGINT'); // npm passes on what the terminal has sent already
    expect(await exit).toBe(7);
    expect(lines().filter((line) => line === 'SIGINT')).toHaveLength(1);
  });

  it('passes SIGTERM on', async () => {
    const { parent, exit } = await start();
    parent.kill('SIGTERM');
    expect(await exit).toBe(8);
  });

  it('leaves no server behind when it is killed', async () => {
    const { parent, lines } = await start();
    parent.kill('SIGKILL');
    await until(() => lines().includes('disconnect'));
  });
});
