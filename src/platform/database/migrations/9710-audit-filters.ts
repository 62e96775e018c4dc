import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/** What one actor did, one kind of event, and what happened to one thing: each newest first. */
export class AuditFilters1700000009710 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Years of events: the limit of a request would stop the start for good.
    const query = await patiently(runner);
    await query(`
      CREATE INDEX audit_events_actor ON audit_events (organization_id, actor, id);
      CREATE INDEX audit_events_action ON audit_events (organization_id, action, id);
      CREATE INDEX audit_events_target ON audit_events (organization_id, target, id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX audit_events_actor, audit_events_action, audit_events_target;`);
  }
}
