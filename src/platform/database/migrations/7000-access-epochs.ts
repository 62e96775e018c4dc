import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A number per organization that grows whenever access is taken away: whoever remembers a credential asks here, twice a second, whether
 * to forget it.
 */
export class AccessEpochs1700000007000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE access_epochs (
        organization_id uuid PRIMARY KEY REFERENCES organizations (id),
        epoch bigint NOT NULL,
        changed_at timestamptz NOT NULL
      );
      CREATE INDEX access_epochs_changed ON access_epochs (changed_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE access_epochs;`);
  }
}
