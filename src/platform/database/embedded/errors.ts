export type EmbeddedPostgresProblem =
  | 'unsupported-platform'
  | 'library-missing'
  | 'no-unprivileged-user'
  | 'folder-not-writable'
  | 'folder-not-a-database'
  | 'folder-of-other-version'
  | 'folder-damaged'
  | 'folder-in-use'
  | 'socket-path-too-long'
  | 'disk-full'
  | 'did-not-start';

/** The embedded database cannot run. The message says what is wrong and what to do; it may be shown as it is. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly problem: EmbeddedPostgresProblem,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

export const USE_DATABASE_URL = 'or set DATABASE_URL to use an existing PostgreSQL';

const QUOTED_LINES = 12;

interface Sign {
  readonly pattern: RegExp;
  readonly problem: EmbeddedPostgresProblem;
  readonly advice: (dataDir: string) => string;
}

/** What PostgreSQL prints (in English, as LC_ALL=C makes sure) and what it means for an operator. The first that matches counts. */
const SIGNS: readonly Sign[] = [
  {
    pattern: /error while loading shared libraries|Library not loaded/,
    problem: 'library-missing',
    advice: () =>
      `A system library is missing. Install the package that brings the named file (on Debian: apt-get install libstdc++6), ${USE_DATABASE_URL}.`,
  },
  {
    pattern: /No space left on device|Disk quota exceeded/,
    problem: 'disk-full',
    advice: (dataDir) =>
      `The disk of ${dataDir} is full. Free some space and start again; no data is lost.`,
  },
  {
    pattern: /database files are incompatible with server|was initialized by PostgreSQL version/,
    problem: 'folder-of-other-version',
    advice: (dataDir) =>
      `${dataDir} belongs to another version of PostgreSQL. Start the Iron Cage version that made it, ${USE_DATABASE_URL}.`,
  },
  {
    pattern: /wrong ownership|has invalid permissions|Permission denied|Read-only file system/,
    problem: 'folder-not-writable',
    advice: (dataDir) =>
      `The database may not use ${dataDir}. Give the folder to the user that starts Iron Cage (chown -R), with mode 0700, or choose another with IRON_CAGE_DATA_DIR.`,
  },
  {
    pattern:
      /PANIC:|pg_control|control file|invalid checkpoint record|could not locate a valid checkpoint|could not open (file|directory) "(global|base|pg_)/,
    problem: 'folder-damaged',
    advice: (dataDir) =>
      `The database in ${dataDir} is damaged. Nothing was changed in it: keep a copy, then put back your last backup of the data folder.`,
  },
];

/** Turns the output of a failed initdb or postgres into an error that says what to do. */
export function failureOf(program: string, dataDir: string, output: string): EmbeddedPostgresError {
  const quoted = output.trim().split('\n').slice(-QUOTED_LINES).join('\n');
  const sign = SIGNS.find(({ pattern }) => pattern.test(output));
  const advice =
    sign?.advice(dataDir) ??
    `Correct what the lines below name and start again, ${USE_DATABASE_URL}.`;
  return new EmbeddedPostgresError(
    sign?.problem ?? 'did-not-start',
    `The embedded PostgreSQL (${program}) did not start. ${advice}\n${quoted === '' ? '(it printed nothing)' : quoted}`,
  );
}

/** `code` of a system error, whichever realm made it. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
