import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const START_LIMIT_MS = 60_000;

/** A server as a process of its own, that can be killed at any moment and started again at the same address. */
export class Replica {
  kills = 0;
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly url: string,
    private readonly env: Record<string, string>,
  ) {}

  static async start(options: {
    databaseUrl: string;
    kek: string;
    dataDir: string;
  }): Promise<Replica> {
    const port = await freePort();
    mkdirSync(options.dataDir, { recursive: true });
    const replica = new Replica(`http://127.0.0.1:${port}`, {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'error',
      DATABASE_URL: options.databaseUrl,
      IRON_CAGE_KEK: options.kek,
      IRON_CAGE_DATA_DIR: options.dataDir,
    });
    await replica.up();
    return replica;
  }

  /** The secret of the link that a fresh installation prints. */
  get setupToken(): string {
    return /#token=(\S+)/.exec(this.output)?.[1] ?? '';
  }

  async up(): Promise<void> {
    const child = spawn(process.execPath, program(), {
      cwd: ROOT,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-20_000);
      });
    }
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the server did not start:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As a power cut for the process: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    this.kills++;
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  private async answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/v1/setup`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  }
}

/** What was built, if it is of this source; else the source itself, which takes longer to start. */
function program(): string[] {
  const built = path.join(ROOT, 'dist/src/main.js');
  const fresh = existsSync(built) && statSync(built).mtimeMs >= newest(path.join(ROOT, 'src'));
  return fresh
    ? [built]
    : ['--no-warnings', '--import', '@swc-node/register/esm-register', 'src/main.ts'];
}

function newest(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (latest, entry) =>
        Math.max(latest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
      0,
    );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
