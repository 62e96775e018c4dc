import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/index.js';
import { AppError } from '../kernel/errors.js';
import { actorOf, type AgentPrincipal } from '../kernel/principal.js';
import type { Tx } from '../platform/database/index.js';
import { BOUND_COLUMNS, type BoundRow } from './data/binding.rows.js';
import { type DataKey, DataKeys } from './data/data-keys.js';
import { sessionSecrets } from './data/session-secrets.js';
import type { HeaderForm } from './domain/header-form.js';
import { revisionOf } from './domain/revision.js';
import { refuseAltered } from './domain/secret-binding.js';
import {
  type FieldHint,
  openValues,
  type SecretValues,
  unreadable,
} from './domain/secret-values.js';
import { SECRETS_TTL_SECONDS } from './session-seal.js';
import { VaultSeal } from './vault-seal.js';

interface SessionSecretTerms {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly version: number;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly header: HeaderForm | null;
  readonly metered: boolean;
  /** The last delivery could not give it. */
  readonly hadProblem: boolean;
}

/** A secret as a session gets it, but for references, which are read after the transaction. */
export interface OpenedSecret extends SessionSecretTerms {
  readonly values: SecretValues;
}

/** A secret that a session should get and cannot: it does not keep the others from it. */
export interface FailedSecret extends SessionSecretTerms {
  readonly failure: AppError;
  /** Names of its fields. */
  readonly variables: readonly string[];
}

export interface Opened {
  readonly secrets: readonly (OpenedSecret | FailedSecret)[];
  /** Stands for this list of secrets in this state. */
  readonly revision: string;
}

interface Row extends BoundRow {
  readonly problemCode: string | null;
  readonly dataKeyId: string | null;
  readonly sealed: Buffer | null;
  readonly hints: readonly FieldHint[] | null;
}

// The lock keeps a version from being destroyed between being read and being noted as granted.
const FOR_SESSION = `
  SELECT ${BOUND_COLUMNS}, s.problem_code AS "problemCode", v.data_key_id AS "dataKeyId", v.sealed, v.hints
  FROM provider_secrets s
  LEFT JOIN LATERAL (
    SELECT w.data_key_id, w.sealed, w.hints FROM provider_secret_versions w
     WHERE w.organization_id = s.organization_id AND w.secret_id = s.id AND w.version = s.current_version
       FOR KEY SHARE) AS v ON true
  WHERE s.organization_id = $1 AND ${sessionSecrets('$2', '$3')}`;

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

  /**
   * Those that open, and those that do not with the reason: SECRET_ALTERED, SECRET_UNREADABLE, KEK_MISSING. The last one of the same
   * field wins.
   *
   * @throws {AppError} PROJECT_HAS_NO_SECRET, VAULT_SEALED
   */
  async open(
    tx: Tx,
    agent: AgentPrincipal,
    projectName: string,
    sessionId: string,
  ): Promise<Opened> {
    const { organizationId } = agent;
    await this.seal.refuse(tx);
    let { rows, secrets } = await this.read(tx, agent);
    // A change that was committed while this waited for its locks shows in a half of what was read; a second look sees all of it.
    if (secrets.some(isFailed)) ({ rows, secrets } = await this.read(tx, agent));
    if (secrets.length === 0) throw await this.none(tx, agent, projectName);
    const opened = secrets.filter((secret) => !isFailed(secret));
    await tx.query(GRANT, [
      organizationId,
      sessionId,
      SECRETS_TTL_SECONDS,
      opened.map(({ id }) => id),
      opened.map(({ version }) => version),
    ]);
    await this.audit.recordAll(
      tx,
      opened.map(({ id, version }) => ({
        organizationId,
        actor: actorOf(agent),
        action: 'secret.deliver',
        target: `secret:${id}`,
        details: { version, sessionId },
      })),
    );
    return { secrets, revision: revisionOf(rows) };
  }

  private async read(tx: Tx, agent: AgentPrincipal) {
    const { organizationId, projectId, environment } = agent;
    const rows = await tx.query<Row>(FOR_SESSION, [organizationId, projectId, environment]);
    const ids = rows.flatMap(({ dataKeyId }) => dataKeyId ?? []);
    const keys = await this.dataKeys.eachById(tx, organizationId, ids);
    const secrets = rows.toReversed().map((row) => secretOf(row, keys));
    for (const key of keys.values()) if (!(key instanceof AppError)) key.bytes.fill(0);
    return { rows, secrets };
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

export function isFailed(secret: OpenedSecret | FailedSecret): secret is FailedSecret {
  return 'failure' in secret;
}

function secretOf(
  row: Row,
  keys: ReadonlyMap<string, DataKey | AppError>,
): OpenedSecret | FailedSecret {
  const { id, name, provider, hosts, paths, metered, problemCode } = row;
  const version = row.currentVersion;
  const hadProblem = problemCode !== null;
  const terms = { id, name, provider, version, hosts, paths, metered, hadProblem };
  const header = headerOf(row);
  try {
    return { ...terms, header, values: valuesOf(row, keys) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const variables = (row.hints ?? []).map((hint) => hint.name);
    return { ...terms, header, failure: error, variables };
  }
}

/** @throws {AppError} SECRET_ALTERED, SECRET_UNREADABLE, KEK_MISSING */
function valuesOf(row: Row, keys: ReadonlyMap<string, DataKey | AppError>): SecretValues {
  const { dataKeyId, sealed, currentVersion: version } = row;
  const of = { ...row, secretId: row.id, version };
  const key = dataKeyId === null ? undefined : keys.get(dataKeyId);
  if (key instanceof AppError) throw key;
  if (!key || dataKeyId === null || sealed === null) throw unreadable(of);
  const values = openValues(key.bytes, sealed, { ...of, dataKeyId });
  refuseAltered(key.bytes, row, row.binding);
  return values;
}

function headerOf({ headerName: name, headerValue: value }: Row): HeaderForm | null {
  return name === null || value === null ? null : { name, value };
}
