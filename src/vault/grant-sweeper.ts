import { Injectable } from '@nestjs/common';
import { SYSTEM, UnitOfWork } from '../platform/database/index.js';
import { Jobs } from '../platform/jobs/index.js';

const EVERY_MS = 60_000;
const BATCH = 5_000;

/** Forgets grants that are over; the audit trail keeps that they were. */
@Injectable()
export class GrantSweeper {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    jobs: Jobs,
  ) {
    jobs.every(EVERY_MS, 'grant-sweeper', () => this.sweep());
  }

  /** @returns how many were forgotten */
  async sweep(): Promise<number> {
    const gone = await this.unitOfWork.run(SYSTEM, (tx) =>
      tx.query(
        `DELETE FROM secret_grants g USING (
           SELECT organization_id, secret_id, version, session_id FROM secret_grants
            WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED) AS over
          WHERE g.organization_id = over.organization_id AND g.secret_id = over.secret_id AND g.version = over.version
            AND g.session_id = over.session_id
         RETURNING g.version`,
        [BATCH],
      ),
    );
    return gone.length;
  }
}
