import type { MigrationInterface, QueryRunner } from 'typeorm';
import { patiently } from './patiently.js';

/**
 * What an agent can cause again and again is written once a minute: an event by its key, a refusal by the count of its session. And what
 * is old is found by its age, to be forgotten.
 */
export class BoundedEvents1700000009200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Indexes of tables that have grown: the limit of a request would stop the start for good.
    const query = await patiently(runner);
    await query(`
      ALTER TABLE outbox_events ADD COLUMN once_key text;
      CREATE UNIQUE INDEX outbox_events_once ON outbox_events (organization_id, kind, once_key);
      CREATE INDEX outbox_events_age ON outbox_events (at);
      CREATE INDEX lease_refusals_session ON lease_refusals (organization_id, session_id, refused_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX lease_refusals_session, outbox_events_age, outbox_events_once;
      ALTER TABLE outbox_events DROP COLUMN once_key;
    `);
  }
}
