import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which sessions of a key started about when: evidence of a key that is used in two places. */
export class SessionsOfKey1700000009600 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX sessions_of_key ON sessions (organization_id, key_id, started_at);`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX sessions_of_key;`);
  }
}
