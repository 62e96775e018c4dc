import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type AgentPrincipal } from '../kernel/principal.js';
import type { Tx } from '../platform/database/index.js';
import { DataKeys } from './data/data-keys.js';
import type { HeaderForm } from './domain/header-form.js';
import { revisionOf } from './domain/revision.js';
import { openValues, type SecretValues, unreadable } from './domain/secret-values.js';
import { SECRETS_TTL_SECONDS } from './session-seal.js';
import { VaultSeal } from './vault-seal.js';

/** A secret as a session gets it, but for references, which are read after the transaction. */
export interface OpenedSecret {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly header: HeaderForm | null;
  readonly metered: boolean;
  readonly values: SecretValues;
}

export interface Opened {
  readonly secrets: readonly OpenedSecret[];
  /** Stands for this list of secrets in this state. */
  readonly revision: string;
}

interface Row {
  id: string;
  name: string;
  provider: string;
  projectId: string | null;
  environment: string;
  revision: number;
  hosts: string[];
  paths: string[];
  header_name: string | null;
  header_value: string | null;
  metered: boolean;
  version: number;
  data_key_id: string;
  sealed: Buffer;
}

const SECRETS_MAX = 64;

// Of two secrets that fill the same field the project's own comes last, and so wins; then the one for just this environment. The lock
// keeps a version from being destroyed between being read and being noted as granted.
const FOR_PROJECT = `
  SELECT s.id, s.name, s.provider, s.project_id AS "projectId", s.environment, s.revision, s.hosts, s.paths, s.header_name, s.header_value,
         s.metered, v.version, v.data_key_id, v.sealed
  FROM provider_secrets s
  JOIN provider_secret_versions v ON v.organization_id = s.organization_id AND v.secret_id = s.id AND v.version = s.current_version
  WHERE s.organization_id = $1 AND (s.project_id IS NULL OR s.project_id = $2) AND s.environment IN ('any', $3) AND v.sealed IS NOT NULL
  ORDER BY s.project_id IS NOT NULL DESC, s.environment <> 'any' DESC, s.id DESC
  LIMIT ${String(SECRETS_MAX)}
  FOR KEY SHARE OF v`;

const GRANT = `
  INSERT INTO secret_grants (organization_id, secret_id, version, session_id, expires_at)
  SELECT $1, g.secret_id, g.version, $2, now() + $3::int * interval '1 second'
  FROM unnest($4::uuid[], $5::int[]) AS g (secret_id, version)`;

/** Opens a project's secrets for one session; every read leaves its grant and its audit row in the same transaction. */
@Injectable()
export class SecretDelivery {
  constructor(
    private readonly dataKeys: DataKeys,
    private readonly audit: AuditTrail,
    private readonly seal: VaultSeal,
  ) {}

  /** @throws {AppError} PROJECT_HAS_NO_SECRET, VAULT_SEALED, KEK_MISSING, SECRET_UNREADABLE */
  async open(
    tx: Tx,
    agent: AgentPrincipal,
    projectName: string,
    sessionId: string,
  ): Promise<Opened> {
    const { organizationId } = agent;
    await this.seal.refuse(tx);
    const rows = await tx.query<Row>(FOR_PROJECT, [
      organizationId,
      agent.projectId,
      agent.environment,
    ]);
    if (rows.length === 0) throw await this.none(tx, agent, projectName);
    rows.reverse();
    await tx.query(GRANT, [
      organizationId,
      sessionId,
      SECRETS_TTL_SECONDS,
      rows.map(({ id }) => id),
      rows.map(({ version }) => version),
    ]);
    await this.audit.recordAll(
      tx,
      rows.map((row) => ({
        organizationId,
        actor: actorOf(agent),
        action: 'secret.deliver',
        target: `secret:${row.id}`,
        details: { version: row.version, sessionId },
      })),
    );
    return { secrets: await this.openAll(tx, organizationId, rows), revision: revisionOf(rows) };
  }

  private async openAll(
    tx: Tx,
    organizationId: string,
    rows: readonly Row[],
  ): Promise<OpenedSecret[]> {
    const ids = rows.map((row) => row.data_key_id);
    const keys = await this.dataKeys.byIds(tx, organizationId, ids);
    const secrets = rows.map((row) => {
      const { id, name, provider, version, hosts, paths, metered } = row;
      const of = { ...row, organizationId, secretId: id, dataKeyId: row.data_key_id };
      const key = keys.get(row.data_key_id);
      if (!key) throw unreadable(of);
      const values = openValues(key.bytes, row.sealed, of);
      return { id, name, provider, version, hosts, paths, metered, header: headerOf(row), values };
    });
    for (const { bytes } of keys.values()) bytes.fill(0);
    return secrets;
  }

  private async none(tx: Tx, agent: AgentPrincipal, projectName: string): Promise<AppError> {
    const [others] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM provider_secrets
        WHERE organization_id = $1 AND (project_id IS NULL OR project_id = $2)`,
      [agent.organizationId, agent.projectId],
    );
    const why =
      (others?.count ?? 0) === 0
        ? `Project "${projectName}" has no provider key. Add one`
        : `Project "${projectName}" has no provider key for ${agent.environment} keys, only for others. Add one for this environment`;
    return new AppError(
      'PROJECT_HAS_NO_SECRET',
      `${why} in the dashboard (Vault), or with: iron-cage secret add`,
    );
  }
}

function headerOf({ header_name: name, header_value: value }: Row): HeaderForm | null {
  return name === null || value === null ? null : { name, value };
}
