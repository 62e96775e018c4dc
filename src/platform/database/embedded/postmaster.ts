import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import path from 'node:path';
import { type Account, hasDeathSignal } from './account.js';
import { startProgram } from './program.js';

const READY = 'database system is ready to accept connections';
const KEPT_CHARACTERS = 20_000;
const FAST_STOP_LIMIT_MS = 45_000;
const QUIT_LIMIT_MS = 10_000;

export interface PostmasterOptions {
  readonly native: string;
  readonly dataDir: string;
  readonly socketFolder: string;
  readonly account: Account;
  /** `name=value` settings. */
  readonly flags: readonly string[];
  readonly log: (line: string) => void;
}

/** One run of the `postgres` program. */
export class Postmaster {
  private output = '';
  private ready = false;
  /** Resolves with the end of its output when the program has ended. */
  readonly ended: Promise<string>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly log: (line: string) => void,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        resolve(error.message);
      });
      child.once('close', () => {
        resolve(this.output);
      });
    });
  }

  /** @returns the running database, or the output of one that ended before it was ready */
  static async start(options: PostmasterOptions): Promise<Postmaster | string> {
    const { native, dataDir, socketFolder, account, flags, log } = options;
    const settings = [
      'listen_addresses=',
      'unix_socket_permissions=0700',
      'log_timezone=UTC',
      ...flags,
    ];
    const args = [
      '-D',
      dataDir,
      '-k',
      socketFolder,
      ...settings.flatMap((setting) => ['-c', setting]),
    ];
    // A fast shutdown by itself when this process dies, SIGKILL included.
    const prefix = hasDeathSignal(account) ? ['setpriv', '--pdeathsig', 'INT'] : [];
    const child = startProgram(path.join(native, 'bin', 'postgres'), account, args, prefix);
    const postmaster = new Postmaster(child, log);
    return postmaster.untilReady();
  }

  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  async stop(): Promise<void> {
    this.child.ref();
    if (this.child.stderr instanceof Socket) this.child.stderr.ref();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGINT');
    const timer = setTimeout(() => {
      this.log(
        'the embedded PostgreSQL takes too long to stop; it is ended at once and will recover at the next start',
      );
      this.child.kill('SIGQUIT');
    }, FAST_STOP_LIMIT_MS);
    // One that hears no signal (stopped, or stuck in the kernel) is killed: the write-ahead log recovers it at the next start.
    const last = setTimeout(() => this.child.kill('SIGKILL'), FAST_STOP_LIMIT_MS + QUIT_LIMIT_MS);
    await this.ended;
    clearTimeout(timer);
    clearTimeout(last);
  }

  private untilReady(): Promise<Postmaster | string> {
    return new Promise((resolve) => {
      this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (this.ready) {
          this.report(text);
          return;
        }
        this.output = (this.output + text).slice(-KEPT_CHARACTERS);
        if (!this.output.includes(READY)) return;
        this.ready = true;
        this.detach();
        resolve(this);
      });
      void this.ended.then(resolve);
    });
  }

  /** It must not keep a short command alive; the death signal ends it. */
  private detach(): void {
    this.child.unref();
    if (this.child.stderr instanceof Socket) this.child.stderr.unref();
  }

  private report(text: string): void {
    this.output = (this.output + text).slice(-KEPT_CHARACTERS);
    for (const line of text.split('\n')) if (line.trim() !== '') this.log(line);
  }
}
