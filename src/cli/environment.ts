import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** What the command line takes from its surroundings. */
export interface Environment {
  readonly url: string | undefined;
  readonly email: string | undefined;
  readonly password: string | undefined;
  readonly credentialsFile: string;
  /** Where a server on this machine keeps its data; the first that exists counts. */
  readonly dataFolders: readonly string[];
  readonly kekFile: string | undefined;
  readonly kekInEnvironment: boolean;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** Any variable, for `--from-env`. */
  variable(name: string): string | undefined;
}

const REPOSITORY = repository(import.meta.dirname);

/** Of this program, as package.json has it. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The folder of package.json, from `src/cli` and from `dist/src/cli` alike. */
function repository(folder: string): string {
  const parent = path.dirname(folder);
  return existsSync(path.join(folder, 'package.json')) || parent === folder
    ? folder
    : repository(parent);
}

export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const given = (name: string): string | undefined =>
    source[name] === '' ? undefined : source[name];
  const configHome = given('XDG_CONFIG_HOME') ?? path.join(homedir(), '.config');
  const dataDir = given('IRON_CAGE_DATA_DIR');
  return {
    url: given('IRON_CAGE_URL'),
    email: given('IRON_CAGE_EMAIL'),
    password: given('IRON_CAGE_PASSWORD'),
    credentialsFile: path.join(configHome, 'iron-cage', 'credentials.json'),
    dataFolders:
      dataDir === undefined
        ? [path.resolve('data'), path.join(REPOSITORY, 'data')]
        : [path.resolve(dataDir)],
    kekFile: given('IRON_CAGE_KEK_FILE'),
    kekInEnvironment: given('IRON_CAGE_KEK') !== undefined,
    databaseUrl: given('DATABASE_URL'),
    redisUrl: given('REDIS_URL'),
    variable: given,
  };
}
