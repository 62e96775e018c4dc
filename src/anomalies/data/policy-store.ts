import { Injectable } from '@nestjs/common';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { type AnomalyPolicy, DEFAULT_POLICY } from '../domain/policy.js';

@Injectable()
export class AnomalyPolicyStore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The default where nothing was set. */
  async get(organizationId: string, projectId: string, tx?: Tx): Promise<AnomalyPolicy> {
    const sql =
      'SELECT addresses, velocity, groups FROM anomaly_policies WHERE organization_id = $1 AND project_id = $2';
    const [row] =
      tx === undefined
        ? await this.unitOfWork.read<AnomalyPolicy>(organizationId, sql, [
            organizationId,
            projectId,
          ])
        : await tx.query<AnomalyPolicy>(sql, [organizationId, projectId]);
    return row ?? DEFAULT_POLICY;
  }

  async set(
    tx: Tx,
    organizationId: string,
    projectId: string,
    { addresses, velocity, groups }: AnomalyPolicy,
  ): Promise<void> {
    await tx.query(
      `INSERT INTO anomaly_policies (organization_id, project_id, addresses, velocity, groups)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (organization_id, project_id)
       DO UPDATE SET addresses = EXCLUDED.addresses, velocity = EXCLUDED.velocity, groups = EXCLUDED.groups`,
      [organizationId, projectId, addresses, velocity, JSON.stringify(groups)],
    );
  }
}
