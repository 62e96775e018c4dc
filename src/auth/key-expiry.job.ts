import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { Jobs } from '../platform/jobs/index.js';
import { EXPIRES_SOON } from './data/key-store.js';
import { Outbox } from './data/outbox.js';

const PERIOD_MS = 600_000;
const PER_ROUND = 200;

/** Each key once, until it is rotated. Replicas pass over what another one holds. */
const TAKE_DUE = `
  UPDATE iron_cage_keys SET expiry_warned_at = now()
    FROM (SELECT k.organization_id, k.id, p.name AS project_name
            FROM iron_cage_keys k
            JOIN projects p ON p.organization_id = k.organization_id AND p.id = k.project_id
           WHERE k.expiry_warned_at IS NULL AND ${EXPIRES_SOON}
           ORDER BY k.expires_at LIMIT $1
             FOR UPDATE OF k SKIP LOCKED) due
   WHERE iron_cage_keys.organization_id = due.organization_id AND iron_cage_keys.id = due.id
   RETURNING iron_cage_keys.organization_id AS "organizationId", due.id, name, project_id AS "projectId",
             due.project_name AS "projectName", expires_at AS "expiresAt"`;

interface DueKey {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly expiresAt: Date;
}

/** Says in time that a key is about to expire, so that nobody learns it from agents that stop. */
@Injectable()
export class KeyExpiryJob {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly outbox: Outbox,
    jobs: Jobs,
  ) {
    jobs.every(PERIOD_MS, 'key-expiry', () => this.run());
  }

  /** @returns how many keys were warned of */
  async run(): Promise<number> {
    for (let count = 0; ;) {
      const due = await this.unitOfWork.run(SYSTEM, async (tx) => {
        const keys = await tx.query<DueKey>(TAKE_DUE, [PER_ROUND]);
        for (const { organizationId, id: keyId, ...facts } of keys) {
          await this.outbox.append(tx, organizationId, 'key.expiring', { keyId, ...facts });
        }
        return keys.length;
      });
      count += due;
      if (due < PER_ROUND) return count;
    }
  }
}
