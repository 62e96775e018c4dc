import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { type Config, StartupError } from '../config/index.js';
import { redact } from '../telemetry/index.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { dataSourceOptions } from './options.js';
import { isBusy, Partitions } from './partitions.js';
import { protectTables } from './protection.js';
import { UnitOfWork } from './unit-of-work.js';

type Embedded = Awaited<ReturnType<typeof startEmbeddedPostgres>>;

/** Two replicas that start together migrate one after the other. Held by a transaction, gone with it. */
const MIGRATION_LOCK = 4_711_020_626;
const MIGRATION_POLL_MS = 100;
const MIGRATION_LIMIT_MS = 60_000;

export function embeddedDatabase(
  config: Config,
  options: { exclusive?: boolean; log?: (line: string) => void } = {},
): Promise<Embedded> {
  return startEmbeddedPostgres(path.join(config.dataDir, 'pg'), {
    flags: [...config.databaseFlags],
    ...options,
  });
}

export interface DatabaseHooks {
  /** Runs before anything is changed; what it throws stops the start. */
  readonly beforeMigrations: (dataSource: DataSource) => Promise<void>;
  /** What the database has to say. */
  readonly log: (line: string) => void;
}

export interface Database {
  readonly dataSource: DataSource;
  readonly embedded: boolean;
  /** How many migrations ran just now. */
  readonly migrated: number;
  close(): Promise<void>;
}

/**
 * Connects to `DATABASE_URL`, or starts the embedded PostgreSQL in the data folder, and brings the schema up to date.
 *
 * @throws {StartupError} with the sentence for the operator
 */
export async function openDatabase(
  config: Config,
  { beforeMigrations, log }: DatabaseHooks,
): Promise<Database> {
  const embedded = config.databaseUrl === undefined ? await startInFolder(config, log) : undefined;
  const dataSource = new DataSource(dataSourceOptions(config.databaseUrl ?? embedded?.url ?? ''));
  try {
    await dataSource.initialize();
    await beforeMigrations(dataSource);
    const migrated = await migrate(dataSource, log);
    return {
      dataSource,
      embedded: embedded !== undefined,
      migrated,
      close: async () => {
        if (dataSource.isInitialized) await dataSource.destroy();
        await embedded?.stop();
      },
    };
  } catch (error) {
    if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
    await embedded?.stop();
    throw error instanceof StartupError ? error : refusal(config, error);
  }
}

async function startInFolder(config: Config, log: (line: string) => void): Promise<Embedded> {
  try {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    // A second server would lose the database when the first one stops.
    return await embeddedDatabase(config, { exclusive: true, log });
  } catch (error) {
    throw new StartupError(
      'DATA_FOLDER',
      error instanceof Error ? error.message : String(error),
      error,
    );
  }
}

/**
 * The schema of this version, protected.
 *
 * @returns how many migrations ran
 */
export async function migrate(
  dataSource: DataSource,
  log: (line: string) => void,
): Promise<number> {
  const runner = dataSource.createQueryRunner();
  try {
    await lockMigrations(runner);
    await refuseNewerSchema(dataSource);
    const { length } = await dataSource.runMigrations();
    await dataSource.transaction(({ queryRunner }) => {
      if (!queryRunner) throw new Error('a transaction has a connection');
      return protectTables(queryRunner, log);
    });
    await makePartitions(dataSource, log);
    return length;
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

/** Rows without a month of their own have a place too: where the tables are busy just now, the job of the servers does it later. */
async function makePartitions(dataSource: DataSource, log: (line: string) => void): Promise<void> {
  try {
    await new Partitions(new UnitOfWork(dataSource)).createAhead();
  } catch (error) {
    if (!isBusy(error)) throw error;
    log('The tables are busy; the partitions of the next months are made later.');
  }
}

/**
 * A transaction holds the lock: behind a pooler in transaction mode a session's lock would stay with a connection that others use next.
 * Who waits holds no connection meanwhile, so that the one that migrates finds one in a small pool.
 */
async function lockMigrations(runner: QueryRunner): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += MIGRATION_POLL_MS) {
    await runner.startTransaction();
    await runner.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const [row] = (await runner.query('SELECT pg_try_advisory_xact_lock($1) AS locked', [
      MIGRATION_LOCK,
    ])) as { locked: boolean }[];
    if (row?.locked) return;
    await runner.rollbackTransaction();
    if (waitedMs > MIGRATION_LIMIT_MS) {
      throw new StartupError(
        'DATABASE_UNREACHABLE',
        'Another Iron Cage has been preparing the database for a minute. Wait until it is done, and start again.',
      );
    }
    await setTimeout(MIGRATION_POLL_MS);
  }
}

/** An older server on a newer schema would write rows that the newer one no longer understands. */
async function refuseNewerSchema(dataSource: DataSource): Promise<void> {
  const [table] = await dataSource.query<{ there: string | null }[]>(
    `SELECT to_regclass('schema_migrations')::text AS there`,
  );
  if (table?.there == null) return;
  const known = new Set(
    dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name),
  );
  const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations');
  const unknown = applied.filter(({ name }) => !known.has(name));
  if (unknown.length === 0) return;
  throw new StartupError(
    'DATABASE_NEWER',
    `The database was last used by a newer Iron Cage (it has ${unknown.map(({ name }) => name).join(', ')}). Start that version, or restore a backup from before the upgrade.`,
  );
}

function refusal(config: Config, error: unknown): StartupError {
  const detail = redact(error instanceof Error ? error.message : String(error));
  const code = (error as { code?: unknown }).code;
  const where =
    config.databaseUrl === undefined ? 'the embedded database' : 'the database of DATABASE_URL';
  if (typeof code === 'string' && /^(28|3D)/.test(code)) {
    return new StartupError(
      'DATABASE_REFUSED',
      `The database server answers, but refuses: ${detail}. Check user, password and database name in DATABASE_URL.`,
      error,
    );
  }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    return new StartupError(
      'DATABASE_REFUSED',
      `Preparing ${where} failed: ${detail}. ${code === '42501' ? 'Give the user of DATABASE_URL the right to create tables in it.' : 'Nothing was changed; please report this with the text above.'}`,
      error,
    );
  }
  return new StartupError(
    'DATABASE_UNREACHABLE',
    `Cannot reach ${where}: ${detail}. Check that it runs and that DATABASE_URL points to it; unset DATABASE_URL to use the embedded one.`,
    error,
  );
}
