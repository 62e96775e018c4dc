import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { hashKey, type Pepper } from '../../src/auth/domain/key-hash.js';
import { newId } from '../../src/kernel/ids.js';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.js';
import { dataSourceOptions } from '../../src/platform/database/index.js';
import { Keyring } from '../../src/platform/keyring/index.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What an agent needs to borrow: everything real, down to the key. */
export interface Holder {
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly key: string;
  readonly sessionId: string;
}

/** A durable PostgreSQL and one server process, as `npm start` runs them. */
export class BenchSite {
  private constructor(
    readonly url: string,
    readonly dataSource: DataSource,
    private readonly databaseUrl: string,
    readonly server: ChildProcess,
    private readonly pepper: Pepper,
    private readonly undo: (() => Promise<unknown>)[],
  ) {}

  static async start(): Promise<BenchSite> {
    const folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-bench-'));
    const database = await startEmbeddedPostgres(path.join(folder, 'pg'));
    const kek = randomBytes(32);
    const server = spawn(process.execPath, [path.join(ROOT, 'dist/src/main.js')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: '0',
        LOG_LEVEL: 'error',
        IRON_CAGE_DATA_DIR: folder,
        IRON_CAGE_KEK: kek.toString('hex'),
        DATABASE_URL: database.url,
        // One key asks for all here, as fast as it can: that is what is measured, and not its limit.
        IRON_CAGE_RATE_LIMITS: 'key=1000000,organization=1000000,ip=1000000,global=1000000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await listening(server);
    const dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    const current = { bytes: kek, source: 'bench', fresh: false };
    const keyring = await Keyring.open(
      () => Promise.resolve({ current, previous: [] }),
      dataSource,
    );
    const stopServer = (): Promise<void> =>
      new Promise((resolve) => {
        server.once('exit', () => {
          resolve();
        });
        server.kill('SIGTERM');
      });
    return new BenchSite(
      url,
      dataSource,
      database.url,
      server,
      await keyring.serverSecret('key-pepper'),
      [
        () => rm(folder, { recursive: true, force: true }),
        () => database.stop(),
        () => dataSource.destroy(),
        stopServer,
      ],
    );
  }

  async stop(): Promise<void> {
    for (const step of this.undo.reverse()) await step();
  }

  /** A statement that may take minutes, on a connection without the server's limits. */
  async fill(sql: string, parameters: readonly unknown[]): Promise<void> {
    const client = new pg.Client(this.databaseUrl);
    await client.connect();
    await client.query(sql, [...parameters]).finally(() => client.end());
  }

  async organization(): Promise<string> {
    const id = newId();
    await this.dataSource.query(
      `INSERT INTO organizations (id, name) VALUES ($1::uuid, $1::text)`,
      [id],
    );
    return id;
  }

  /** A project with a million dollars, a key, and a session. */
  async holder(organizationId: string): Promise<Holder> {
    const { id: keyId, key } = generateKey('live');
    const holder = { organizationId, projectId: newId(), keyId, key, sessionId: newId() };
    const { hmac, pepperVersion } = hashKey(this.pepper, key);
    const run = (sql: string, parameters: readonly unknown[]): Promise<unknown> =>
      this.dataSource.query(sql, [organizationId, holder.projectId, ...parameters]);
    await run(
      `INSERT INTO projects (organization_id, id, name, max_open_leases) VALUES ($1, $2::uuid, $2::text, 10000)`,
      [],
    );
    await run(
      `INSERT INTO accounts (organization_id, project_id, deposited_nano) VALUES ($1, $2, $3)`,
      [10n ** 15n],
    );
    await run(
      `INSERT INTO ledger_entries (organization_id, project_id, id, kind, external_nano, available_nano, reserved_nano, spent_nano, overdraft_nano, actor, at)
       VALUES ($1, $2, $3, 'DEPOSIT', -$4::bigint, $4::bigint, 0, 0, 0, 'bench', now())`,
      [newId(), 10n ** 15n],
    );
    await run(
      `INSERT INTO iron_cage_keys (organization_id, project_id, id, name, environment, hmac, pepper_version, created_by, expires_at)
       VALUES ($1, $2, $3, 'bench', 'live', $4, $5, 'bench', now() + interval '1 day')`,
      [keyId, hmac, pepperVersion],
    );
    await run(
      `INSERT INTO sessions (organization_id, project_id, id, key_id, ip, agent) VALUES ($1, $2, $3, $4, '127.0.0.1', '{"host":"bench"}')`,
      [holder.sessionId, keyId],
    );
    return holder;
  }
}

function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.once('exit', (code) => {
      reject(new Error(`the server ended with ${String(code)}: ${text}`));
    });
    server.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /Dashboard\s+(\S+)\/dashboard\//.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
