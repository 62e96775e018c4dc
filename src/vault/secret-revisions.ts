import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { sessionSecrets } from './data/session-secrets.js';
import { revisionOf } from './domain/revision.js';

export interface SecretsOf {
  readonly organizationId: string;
  readonly projectId: string;
  readonly environment: string;
}

/** Tells in which state the secrets of running sessions are, so that they fetch them again when it is another one. */
@Injectable()
export class SecretRevisions {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** In the order of `sessions`, which may be of several organizations. */
  async revisions(sessions: readonly SecretsOf[]): Promise<string[]> {
    const asked = new Map(sessions.map((one) => [nameOf(one), one]));
    if (asked.size === 0) return [];
    const places = [...asked.values()];
    const rows = await this.unitOfWork.read<SecretsOf & { id: string; revision: number }>(
      SYSTEM,
      `SELECT w.organization_id AS "organizationId", w.project_id AS "projectId", w.environment, found.id, found.revision
         FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w (organization_id, project_id, environment)
         JOIN LATERAL (
           SELECT s.id, s.revision FROM provider_secrets s
            WHERE s.organization_id = w.organization_id AND ${sessionSecrets('w.project_id', 'w.environment')}) AS found ON true`,
      [
        places.map(({ organizationId }) => organizationId),
        places.map(({ projectId }) => projectId),
        places.map(({ environment }) => environment),
      ],
    );
    const found = Map.groupBy(rows, nameOf);
    return sessions.map((one) => revisionOf(found.get(nameOf(one)) ?? []));
  }
}

function nameOf({ organizationId, projectId, environment }: SecretsOf): string {
  return `${organizationId} ${projectId} ${environment}`;
}
