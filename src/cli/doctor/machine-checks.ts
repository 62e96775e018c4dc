import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Environment } from '../environment.js';
import { fail, type Finding, ok, warn } from './finding.js';

const LEAST_NODE = [22, 22] as const;
const LEAST_FREE_BYTES = 1_000_000_000;
const TIME_LIMIT_MS = 4_000;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return enough
    ? ok('Node', version)
    : fail(
        'Node',
        `${version} is too old; install Node 24, or start through npm start, which brings its own`,
      );
}

export function checkDataFolder(environment: Environment): Finding[] {
  const folder = environment.dataFolders.find((candidate) => existsSync(candidate));
  if (folder === undefined) {
    return environment.databaseUrl === undefined
      ? [
          warn(
            'Data folder',
            `none at ${environment.dataFolders.join(' or ')}; the first npm start makes it, or name it with IRON_CAGE_DATA_DIR`,
          ),
        ]
      : [];
  }
  return [writability(folder), ...freeSpace(folder), ...checkMasterKey(environment, folder)];
}

function writability(folder: string): Finding {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK);
    return ok('Data folder', folder);
  } catch {
    return fail(
      'Data folder',
      `${folder} cannot be written by this user; start the server as its owner, or change the owner`,
    );
  }
}

function freeSpace(folder: string): Finding[] {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return [];
  return [
    warn(
      'Disk',
      `${String(Math.round(free / 1_000_000))} MB are left beside ${folder}; free some space before the database stops`,
    ),
  ];
}

function checkMasterKey(environment: Environment, folder: string): Finding[] {
  const kms = environment.variable('IRON_CAGE_KMS');
  if (kms !== undefined) return [ok('Master key', `in the database, wrapped by ${kms}`)];
  if (environment.kekInEnvironment) return [ok('Master key', 'from IRON_CAGE_KEK')];
  const file = environment.kekFile ?? path.join(folder, 'kek');
  if (!existsSync(file))
    return [
      warn(
        'Master key',
        `${file} is not there; the first start makes it. If the vault holds secrets already, restore it from your backup`,
      ),
    ];
  const mode = statSync(file).mode & 0o777;
  return (mode & 0o077) === 0
    ? [ok('Master key', `${file}; keep a copy of it apart from the data folder's backup`)]
    : [
        fail(
          'Master key',
          `other users may read ${file} (mode ${mode.toString(8)}); run: chmod 600 ${file}`,
        ),
      ];
}

export async function checkDatabase(url: string): Promise<Finding> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIME_LIMIT_MS,
    query_timeout: TIME_LIMIT_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return ok('DATABASE_URL', `PostgreSQL ${rows[0]?.server_version ?? ''} answers`);
  } catch (error) {
    return fail(
      'DATABASE_URL',
      `${reason(error)}; check host, port, user, password and database name`,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Says PING; an answer about missing authentication proves as much as PONG does when there is a password to send. */
export async function checkRedis(url: string): Promise<Finding> {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secret = decodeURIComponent(password);
  const login =
    secret === ''
      ? ''
      : command('AUTH', ...(username === '' ? [] : [decodeURIComponent(username)]), secret);
  try {
    const answer = await exchange(
      { host: hostname, port: Number(port === '' ? 6379 : port), tls: protocol === 'rediss:' },
      login + command('PING'),
    );
    return answer.includes('+PONG')
      ? ok('REDIS_URL', 'Redis answers')
      : fail('REDIS_URL', `Redis refuses: ${answer.split('\r\n')[0] ?? ''}`);
  } catch (error) {
    return fail('REDIS_URL', `${reason(error)}; check host, port and password, or unset REDIS_URL`);
  }
}

function command(...words: readonly string[]): string {
  return `*${String(words.length)}\r\n${words.map((word) => `$${String(Buffer.byteLength(word))}\r\n${word}\r\n`).join('')}`;
}

function exchange(
  { host, port, tls }: { host: string; port: number; tls: boolean },
  message: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls
      ? connectTls({ host, port, servername: host })
      : connectPlain({ host, port });
    let answer = '';
    socket.setTimeout(TIME_LIMIT_MS, () =>
      socket.destroy(new Error('no answer within four seconds')),
    );
    socket.once('error', reject);
    socket.once(tls ? 'secureConnect' : 'connect', () => socket.write(message));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
      if (!/\+PONG|^-/m.test(answer)) return;
      resolve(answer);
      socket.destroy();
    });
    socket.once('close', () => {
      reject(new Error('the connection was closed'));
    });
  });
}

function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
