import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { LedgerCheck } from '../../src/billing/accounts/ledger-check.js';
import { Ledger } from '../../src/billing/leases/ledger.service.js';
import { UsageRollups } from '../../src/billing/usage/usage-rollups.js';
import { newId } from '../../src/kernel/ids.js';
import { dataSourceOptions, migrate, UnitOfWork } from '../../src/platform/database/index.js';
import { LocalSignals } from '../../src/platform/redis/index.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { idleJobs } from './idle-jobs.js';
import { createDatabase } from './server.js';

export interface Holder {
  readonly projectId: string;
  readonly keyId: string;
  readonly sessionId: string;
  readonly memberId: string;
}

/** The ledger on a real database, without HTTP. */
export class LedgerSite {
  readonly organizationId = newId();
  readonly unitOfWork: UnitOfWork;
  readonly ledger: Ledger;
  readonly check: LedgerCheck;
  readonly rollups: UsageRollups;

  private constructor(
    readonly dataSource: DataSource,
    private readonly drop: () => Promise<void>,
  ) {
    this.unitOfWork = new UnitOfWork(dataSource);
    this.ledger = new Ledger(this.unitOfWork, new LocalSignals(), new Metrics());
    this.check = new LedgerCheck(this.unitOfWork);
    this.rollups = new UsageRollups(this.unitOfWork, idleJobs());
  }

  static async open(): Promise<LedgerSite> {
    const database = await createDatabase();
    const dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    await migrate(dataSource, () => undefined);
    const site = new LedgerSite(dataSource, database.drop);
    await dataSource.query(`INSERT INTO organizations (id, name) VALUES ($1, 'Acme')`, [
      site.organizationId,
    ]);
    return site;
  }

  /** A replica: the same database, another process's ledger. */
  replica(): Ledger {
    return new Ledger(new UnitOfWork(this.dataSource), new LocalSignals(), new Metrics());
  }

  async project(
    policy: { expiry?: 'return' | 'charge'; maxOpenLeases?: number } = {},
  ): Promise<Holder> {
    const holder = {
      projectId: newId(),
      keyId: randomBytes(4).toString('hex'),
      sessionId: newId(),
      memberId: newId(),
    };
    const { organizationId } = this;
    await this.dataSource.query(
      `INSERT INTO projects (organization_id, id, name, expiry_policy, max_open_leases, grace_seconds) VALUES ($1, $2, $3, $4, $5, 60)`,
      [
        organizationId,
        holder.projectId,
        holder.projectId,
        policy.expiry ?? 'return',
        policy.maxOpenLeases ?? 200,
      ],
    );
    await this.dataSource.query(
      `INSERT INTO accounts (organization_id, project_id) VALUES ($1, $2)`,
      [organizationId, holder.projectId],
    );
    await this.dataSource.query(
      `INSERT INTO iron_cage_keys (organization_id, id, project_id, name, environment, hmac, pepper_version, created_by, expires_at)
       VALUES ($1, $2, $3, 'agent', 'dev', $4, 1, 'user:' || $5, now() + interval '1 day')`,
      [organizationId, holder.keyId, holder.projectId, randomBytes(32), holder.memberId],
    );
    await this.dataSource.query(
      `INSERT INTO sessions (organization_id, id, project_id, key_id, ip, agent) VALUES ($1, $2, $3, $4, '127.0.0.1', '{}')`,
      [organizationId, holder.sessionId, holder.projectId, holder.keyId],
    );
    return holder;
  }

  async budget(budget: {
    scope: string;
    scopeId: string;
    window: string;
    limit: bigint;
    models?: readonly string[];
    tags?: readonly string[];
  }): Promise<string> {
    const id = newId();
    await this.dataSource.query(
      `INSERT INTO budgets (organization_id, id, scope, scope_id, window_kind, limit_nano, models, tags, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'test')`,
      [
        this.organizationId,
        id,
        budget.scope,
        budget.scopeId,
        budget.window,
        budget.limit,
        budget.models ?? [],
        budget.tags ?? [],
      ],
    );
    return id;
  }

  /** Moves the ends of a project's open leases into the past, as if time had gone by. */
  async age(projectId: string, seconds: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE leases SET expires_at = expires_at - make_interval(secs => $3), hold_until = hold_until - make_interval(secs => $3)
       WHERE organization_id = $1 AND project_id = $2 AND state IN ('PENDING', 'EXPIRED_HOLD')`,
      [this.organizationId, projectId, seconds],
    );
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.drop();
  }
}
