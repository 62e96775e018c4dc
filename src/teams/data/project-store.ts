import { Injectable } from '@nestjs/common';
import type { Nano } from '../../kernel/money.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { piiPolicyOf } from '../../kernel/pii-policy.js';
import type { Policy, Project, ProjectRecord, ProjectState } from '../domain/project.js';

interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly state: ProjectState;
  readonly pauseReason: string | null;
  readonly trancheNano: Nano;
  readonly leaseTtlSeconds: number;
  readonly graceSeconds: number;
  readonly expiry: Policy['expiry'];
  readonly maxOpenLeases: number;
  readonly reportIntervalSeconds: number;
  readonly environment: Policy['environment'];
  readonly senderBinding: Policy['senderBinding'];
  readonly mode: Policy['mode'];
  readonly unbounded: Policy['unbounded'];
  readonly velocityLimit: Nano | null;
  readonly pii: Partial<Policy['pii']>;
  readonly createdAt: Date;
}

type Changed<Value> = { readonly [Name in keyof Value]?: Value[Name] | undefined };
type PolicyChange = Changed<Omit<Policy, 'pii'>> & {
  readonly pii?: Changed<Policy['pii']> | undefined;
};

/** An agent process counts as active when it was heard of in this time. */
const ACTIVE_SECONDS = 60;

const COLUMNS = `
  p.id, p.name, p.state, p.pause_reason AS "pauseReason", p.tranche_nano AS "trancheNano",
  p.lease_ttl_seconds AS "leaseTtlSeconds", p.grace_seconds AS "graceSeconds", p.expiry_policy AS expiry,
  p.max_open_leases AS "maxOpenLeases", p.report_interval_seconds AS "reportIntervalSeconds",
  p.environment, p.sender_binding AS "senderBinding", p.mode, p.unbounded, p.velocity_nano AS "velocityLimit", p.pii, p.created_at AS "createdAt"`;

@Injectable()
export class ProjectStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async find(organizationId: string, projectId: string, tx?: Tx): Promise<Project | undefined> {
    const [row] = await this.reader(organizationId, tx)<ProjectRow>(
      `SELECT ${COLUMNS} FROM projects p WHERE p.organization_id = $1 AND p.id = $2`,
      [organizationId, projectId],
    );
    return row && projectOf(row);
  }

  async findRecord(
    organizationId: string,
    projectId: string,
    tx: Tx | undefined,
  ): Promise<ProjectRecord | undefined> {
    const [row] = await this.reader(organizationId, tx)<ProjectRow & { organizationName: string }>(
      `SELECT ${COLUMNS}, o.name AS "organizationName"
         FROM projects p JOIN organizations o ON o.id = p.organization_id
        WHERE p.organization_id = $1 AND p.id = $2`,
      [organizationId, projectId],
    );
    return row && { ...projectOf(row), organizationName: row.organizationName };
  }

  /** Nobody else changes the row until `tx` ends. */
  async lock(tx: Tx, organizationId: string, projectId: string): Promise<Project | undefined> {
    const [row] = await tx.query<ProjectRow>(
      `SELECT ${COLUMNS} FROM projects p WHERE p.organization_id = $1 AND p.id = $2 FOR NO KEY UPDATE`,
      [organizationId, projectId],
    );
    return row && projectOf(row);
  }

  /**
   * By name. The cursor is the id of the last project; its name is read here, because names are unique but may be longer than a cursor.
   */
  async page(
    organizationId: string,
    filter: { search: string | undefined; after: string | undefined; limit: number },
  ): Promise<Project[]> {
    const rows = await this.unitOfWork.read<ProjectRow>(
      organizationId,
      `SELECT ${COLUMNS} FROM projects p
        WHERE p.organization_id = $1
          AND ($2::text IS NULL OR strpos(lower(p.name), lower($2)) > 0)
          AND ($3::uuid IS NULL OR lower(p.name) >
               (SELECT lower(c.name) FROM projects c WHERE c.organization_id = $1 AND c.id = $3))
        ORDER BY lower(p.name)
        LIMIT $4`,
      [organizationId, filter.search ?? null, filter.after ?? null, filter.limit],
    );
    return rows.map(projectOf);
  }

  /** The policy starts with the defaults of the table. */
  async insert(
    tx: Tx,
    project: { organizationId: string; id: string; name: string },
  ): Promise<void> {
    await tx.query('INSERT INTO projects (organization_id, id, name) VALUES ($1, $2, $3)', [
      project.organizationId,
      project.id,
      project.name,
    ]);
  }

  async update(
    tx: Tx,
    key: { organizationId: string; id: string },
    change: { name?: string | undefined; policy?: PolicyChange | undefined },
  ): Promise<void> {
    const { policy = {} } = change;
    await tx.query(
      `UPDATE projects SET
         name = coalesce($3, name),
         tranche_nano = coalesce($4, tranche_nano),
         lease_ttl_seconds = coalesce($5, lease_ttl_seconds),
         grace_seconds = coalesce($6, grace_seconds),
         expiry_policy = coalesce($7, expiry_policy),
         max_open_leases = coalesce($8, max_open_leases),
         report_interval_seconds = coalesce($9, report_interval_seconds),
         pii = pii || $10::jsonb,
         mode = coalesce($11, mode),
         velocity_nano = CASE WHEN $12 THEN $13 ELSE velocity_nano END,
         environment = coalesce($14, environment),
         sender_binding = coalesce($15, sender_binding),
         unbounded = coalesce($16, unbounded)
       WHERE organization_id = $1 AND id = $2`,
      [
        key.organizationId,
        key.id,
        change.name,
        policy.trancheSize,
        policy.leaseTtlSeconds,
        policy.graceSeconds,
        policy.expiry,
        policy.maxOpenLeases,
        policy.reportIntervalSeconds,
        JSON.stringify(policy.pii ?? {}),
        policy.mode,
        policy.velocityLimit !== undefined,
        policy.velocityLimit,
        policy.environment,
        policy.senderBinding,
        policy.unbounded,
      ],
    );
  }

  async setState(
    tx: Tx,
    key: { organizationId: string; id: string },
    state: { state: ProjectState; pauseReason: string | null },
  ): Promise<void> {
    await tx.query(
      'UPDATE projects SET state = $3, pause_reason = $4 WHERE organization_id = $1 AND id = $2',
      [key.organizationId, key.id, state.state, state.pauseReason],
    );
  }

  /** Projects without active agents are not in the map. */
  async activeAgents(
    organizationId: string,
    projectIds: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await this.unitOfWork.read<{ projectId: string; agents: number }>(
      organizationId,
      `SELECT project_id AS "projectId", count(*)::int AS agents
         FROM sessions
        WHERE organization_id = $1 AND project_id = ANY ($2::uuid[]) AND ended_at IS NULL
          AND last_seen_at > now() - $3::int * interval '1 second'
        GROUP BY project_id`,
      [organizationId, projectIds, ACTIVE_SECONDS],
    );
    return new Map(rows.map((row) => [row.projectId, row.agents]));
  }

  private reader(organizationId: string, tx: Tx | undefined) {
    return <Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> =>
      tx === undefined
        ? this.unitOfWork.read<Row>(organizationId, sql, parameters)
        : tx.query<Row>(sql, parameters);
  }
}

function projectOf(row: ProjectRow): Project {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    pauseReason: row.pauseReason,
    policy: {
      trancheSize: row.trancheNano,
      leaseTtlSeconds: row.leaseTtlSeconds,
      graceSeconds: row.graceSeconds,
      expiry: row.expiry,
      maxOpenLeases: row.maxOpenLeases,
      reportIntervalSeconds: row.reportIntervalSeconds,
      environment: row.environment,
      senderBinding: row.senderBinding,
      mode: row.mode,
      unbounded: row.unbounded,
      velocityLimit: row.velocityLimit,
      pii: piiPolicyOf(row.pii),
    },
    createdAt: row.createdAt,
  };
}
