import { type ChildProcess, spawn } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { hashKey, type Pepper } from '../../src/auth/domain/key-hash.js';
import { sessionKeyOf } from '../../src/auth/domain/session-key.js';
import { SESSION_PROOF_SECRET } from '../../src/auth/session-proofs.js';
import { newId } from '../../src/kernel/ids.js';
import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres.js';
import { dataSourceOptions } from '../../src/platform/database/index.js';
import { Keyring, SecretVersions } from '../../src/platform/keyring/index.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What an agent needs to borrow: everything real, down to the key. */
export interface Holder {
  readonly organizationId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly key: string;
  readonly sessionId: string;
  /** Where the project wants proofs. */
  readonly proofKey?: Buffer;
}

export interface IssuedKey {
  readonly id: string;
  readonly key: string;
}

/** A durable PostgreSQL and one server process, as `npm start` runs them. */
export class BenchSite {
  private constructor(
    readonly url: string,
    readonly dataSource: DataSource,
    private readonly databaseUrl: string,
    /** What another process needs to join in. */
    readonly environment: Readonly<Record<string, string>>,
    private readonly setupToken: string,
    readonly server: ChildProcess,
    private readonly pepper: Pepper,
    readonly proofSecret: Buffer,
    private readonly undo: (() => Promise<unknown>)[],
  ) {}

  static async start(options: { redisUrl?: string | undefined } = {}): Promise<BenchSite> {
    const folder = await mkdtemp(path.join(tmpdir(), 'iron-cage-bench-'));
    const database = await startEmbeddedPostgres(path.join(folder, 'pg'));
    const kek = randomBytes(32);
    const environment = {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      LOG_LEVEL: 'error',
      IRON_CAGE_DATA_DIR: folder,
      IRON_CAGE_KEK: kek.toString('hex'),
      DATABASE_URL: database.url,
      // One key asks for all here, as fast as it can: that is what is measured, and not its limit.
      IRON_CAGE_RATE_LIMITS: 'key=1000000,organization=1000000,ip=1000000,global=1000000',
      ...(options.redisUrl !== undefined && { REDIS_URL: options.redisUrl }),
    };
    const { server, url, setupToken } = await startProcess(environment);
    const dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    const current = { bytes: kek, source: 'bench', fresh: false };
    const keyring = await Keyring.open(
      () => Promise.resolve({ current, previous: [] }),
      dataSource,
    );
    return new BenchSite(
      url,
      dataSource,
      database.url,
      environment,
      setupToken,
      server,
      (await SecretVersions.open(keyring, 'key-pepper')).current,
      (await keyring.serverSecret(SESSION_PROOF_SECRET)).bytes,
      [
        () => rm(folder, { recursive: true, force: true }),
        () => database.stop(),
        () => dataSource.destroy(),
        () => stopProcess(server),
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

  /** One more server on the same database. */
  async replica(
    overrides: Readonly<Record<string, string>>,
  ): Promise<{ url: string; stop(): Promise<void> }> {
    const { server, url } = await startProcess({ ...this.environment, ...overrides });
    return { url, stop: () => stopProcess(server) };
  }

  /** The first organization with its owner, as people make it. */
  async setUp(): Promise<{ organizationId: string; token: string }> {
    const response = await fetch(`${this.url}/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        token: this.setupToken,
        organizationName: 'Bench',
        name: 'Bench',
        email: 'bench@bench.test',
        password: 'a password of the bench',
      }),
    });
    const answer = (await response.json()) as {
      accessToken: string;
      organization: { id: string };
    };
    return { organizationId: answer.organization.id, token: answer.accessToken };
  }

  async organization(): Promise<string> {
    const id = newId();
    await this.dataSource.query(
      `INSERT INTO organizations (id, name) VALUES ($1::uuid, $1::text)`,
      [id],
    );
    return id;
  }

  /** Many keys of one project, which nobody has used yet. */
  async keys(organizationId: string, count: number): Promise<IssuedKey[]> {
    const projectId = newId();
    await this.dataSource.query(
      `INSERT INTO projects (organization_id, id, name) VALUES ($1, $2::uuid, $2::text)`,
      [organizationId, projectId],
    );
    const keys = Array.from({ length: count }, () => generateKey('live'));
    await this.dataSource.query(
      `INSERT INTO iron_cage_keys (organization_id, project_id, id, name, environment, hmac, leak_hash, pepper_version, created_by, expires_at)
       SELECT $1, $2, id, 'bench', 'live', decode(hmac, 'hex'), decode(hmac, 'hex'), $5, 'bench', now() + interval '1 day'
         FROM unnest($3::text[], $4::text[]) AS made (id, hmac)`,
      [
        organizationId,
        projectId,
        keys.map(({ id }) => id),
        keys.map(({ key }) => hashKey(this.pepper, key).hmac.toString('hex')),
        this.pepper.version,
      ],
    );
    return keys;
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

  /** As {@link holder}, in a project that wants a proof with every request. */
  async boundHolder(organizationId: string): Promise<Holder> {
    const holder = await this.holder(organizationId);
    await this.dataSource.query(
      `UPDATE projects SET sender_binding = 'required' WHERE organization_id = $1 AND id = $2`,
      [organizationId, holder.projectId],
    );
    const secret = createSecretKey(this.proofSecret);
    return { ...holder, proofKey: sessionKeyOf(secret, holder, holder.sessionId) };
  }
}

interface StartedProcess {
  readonly server: ChildProcess;
  readonly url: string;
  /** Empty when the installation is set up. */
  readonly setupToken: string;
}

async function startProcess(env: Readonly<Record<string, string>>): Promise<StartedProcess> {
  // As `npm start` does.
  const flags = path.join(ROOT, 'deploy/server-flags.mjs');
  const { SERVER_FLAGS } = (await import(flags)) as { SERVER_FLAGS: readonly string[] };
  const args = [...SERVER_FLAGS, path.join(ROOT, 'dist/src/main.js')];
  const server = spawn(process.execPath, args, {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    server.once('exit', (code) => {
      reject(new Error(`the server ended with ${String(code)}: ${text}`));
    });
    server.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const url = /Dashboard\s+(\S+)\/dashboard\//.exec(text)?.[1];
      if (url === undefined || !text.includes('Master key')) return;
      resolve({ server, url, setupToken: /#token=(\S+)/.exec(text)?.[1] ?? '' });
    });
  });
}

function stopProcess(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once('exit', () => {
      resolve();
    });
    server.kill('SIGTERM');
  });
}
