import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Account, chooseAccount, majorVersion } from './embedded/account.js';
import { createDatabase, inspectFolder, makeParent, readPassword } from './embedded/data-folder.js';
import { EmbeddedPostgresError, failureOf } from './embedded/errors.js';
import { nativeFolder } from './embedded/native.js';
import {
  clearOwner,
  clearZombieLock,
  isAlive,
  liveOwner,
  readPostmaster,
  writeOwner,
} from './embedded/owner.js';
import { Postmaster, type PostmasterOptions } from './embedded/postmaster.js';
import { makeSocketFolder } from './embedded/socket-folder.js';

export { EmbeddedPostgresError, type EmbeddedPostgresProblem } from './embedded/errors.js';

export interface EmbeddedPostgres {
  /** Connection string for node-postgres and TypeORM: a Unix socket and a password. */
  readonly url: string;
  /** Another live process runs the database; it stops when that one stops. */
  readonly reused: boolean;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Settings as `name=value`. Without any, a commit is on disk when it is acknowledged. */
  readonly flags?: readonly string[];
  /** Receives PostgreSQL's own log lines once it runs. */
  readonly log?: (line: string) => void;
  /** Refuse, instead of share, a database that another live process runs. */
  readonly exclusive?: boolean;
}

const IN_USE = /lock file "[^"]*" already exists|pre-existing shared memory block/;
const ORPHAN_LIMIT_MS = 30_000;
const RETRY_MS = 250;
const RESTART_DELAY_MS = 1_000;
const LONGEST_RESTART_DELAY_MS = 60_000;
/** After so long without an end, the next one is a new misfortune. */
const HEALTHY_MS = 300_000;

/**
 * Starts the PostgreSQL that comes with the packages, on a data folder of its own, reachable by a private Unix socket only. The first
 * start creates the database; later starts recover whatever a crash left.
 *
 * @param dataDir the database's folder; beside it lie `.password`, `.owner` and `.socket`
 * @throws {EmbeddedPostgresError} with a message that says what to do
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const folder = path.resolve(dataDir);
  const native = await nativeFolder();
  await makeParent(folder);
  const account = chooseAccount(native, folder);
  const state = await inspectFolder(folder, majorVersion(native, account));
  const password = await readPassword(folder);
  if (state === 'none') await createDatabase({ native, dataDir: folder, account, password });
  return runDatabase({ native, dataDir: folder, account, password, options });
}

interface Launch {
  readonly native: string;
  readonly dataDir: string;
  readonly account: Account;
  readonly password: string;
  readonly options: EmbeddedPostgresOptions;
}

async function runDatabase({
  native,
  dataDir,
  account,
  password,
  options,
}: Launch): Promise<EmbeddedPostgres> {
  const shared = sharedWith(dataDir, password, options);
  if (shared) return shared;
  const socketFolder = await makeSocketFolder(dataDir, account);
  const log = options.log ?? (() => undefined);
  const run: PostmasterOptions = {
    native,
    dataDir,
    socketFolder,
    account,
    log,
    flags: options.flags ?? [],
  };
  const started = await startOverOrphan(run, password, options);
  if (!(started instanceof Postmaster)) return started;
  const keeper = new Keeper(started, run);
  return { url: connectionUrl(socketFolder, password), reused: false, stop: () => keeper.stop() };
}

/** Starts; a database left by a killed process is asked to stop first. */
async function startOverOrphan(
  run: PostmasterOptions,
  password: string,
  options: EmbeddedPostgresOptions,
): Promise<Postmaster | EmbeddedPostgres> {
  const deadline = performance.now() + ORPHAN_LIMIT_MS;
  for (;;) {
    const result = await Postmaster.start(run);
    if (result instanceof Postmaster) {
      writeOwner(run.dataDir);
      return result;
    }
    if (!IN_USE.test(result)) throw failureOf('postgres', run.dataDir, result);
    const shared = sharedWith(run.dataDir, password, options);
    if (shared) return shared;
    const orphan = readPostmaster(run.dataDir);
    if (performance.now() > deadline) throw inUse(run.dataDir, orphan?.pid);
    if (orphan) end(run.dataDir, orphan.pid);
    await wait(RETRY_MS);
  }
}

function sharedWith(
  dataDir: string,
  password: string,
  options: EmbeddedPostgresOptions,
): EmbeddedPostgres | undefined {
  const owner = liveOwner(dataDir);
  const running = readPostmaster(dataDir);
  if (owner === undefined || running === undefined || !isAlive(running.pid)) return undefined;
  if (options.exclusive === true) throw inUse(dataDir, owner);
  return {
    url: connectionUrl(running.socketFolder, password),
    reused: true,
    stop: () => Promise.resolve(),
  };
}

function inUse(dataDir: string, pid: number | undefined): EmbeddedPostgresError {
  const who = pid === undefined ? 'another process' : `process ${String(pid)}`;
  return new EmbeddedPostgresError(
    'folder-in-use',
    `The database in ${dataDir} is in use by ${who}. Stop that one first, or choose another folder with IRON_CAGE_DATA_DIR; for several servers on one database set DATABASE_URL.`,
  );
}

function end(dataDir: string, pid: number): void {
  clearZombieLock(dataDir, pid);
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It has ended, or belongs to another user: then the deadline decides.
  }
}

function connectionUrl(socketFolder: string, password: string): string {
  return `postgres://postgres:${password}@${encodeURIComponent(socketFolder)}/postgres`;
}

/** Keeps the database running until it is told to stop: starts it again when it was killed from outside. */
class Keeper {
  private stopping = false;
  private restarts = 0;
  private startedMs = performance.now();

  constructor(
    private postmaster: Postmaster,
    private readonly run: PostmasterOptions,
  ) {
    this.watch();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.postmaster.stop();
    clearOwner(this.run.dataDir);
  }

  private watch(): void {
    void this.postmaster.ended.then((output) => this.restart(output));
  }

  private async restart(output: string): Promise<void> {
    if (this.stopping) return;
    if (performance.now() - this.startedMs > HEALTHY_MS) this.restarts = 0;
    // It never gives up: a disk that was full is emptied some day, and then the server must go on by itself.
    const delayMs = Math.min(RESTART_DELAY_MS * 2 ** this.restarts++, LONGEST_RESTART_DELAY_MS);
    this.run.log(
      `the embedded PostgreSQL ended unexpectedly and is started again in ${String(delayMs / 1000)} s; its last line: ${lastLine(output)}`,
    );
    await wait(delayMs, undefined, { ref: false });
    const result = await this.startAgain();
    if (typeof result === 'string') {
      await this.restart(result);
      return;
    }
    this.postmaster = result;
    this.startedMs = performance.now();
    this.watch();
  }

  private async startAgain(): Promise<Postmaster | string> {
    if (this.stopping) return '';
    const result = await Postmaster.start(this.run);
    if (result instanceof Postmaster) await this.stopIfUnwanted(result);
    return result;
  }

  /** Told to stop while it was starting: nobody else would end it. */
  private async stopIfUnwanted(postmaster: Postmaster): Promise<void> {
    if (this.stopping) await postmaster.stop();
  }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
