import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many usage lines went with each month that was dropped, so that those that stay can be counted. */
export class CarriedUsage1700000009740 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE carried_usage (
        organization_id uuid NOT NULL,
        project_id uuid NOT NULL,
        month date NOT NULL,
        lines bigint NOT NULL CHECK (lines > 0),
        PRIMARY KEY (organization_id, project_id, month)
      );
    `);
    // Of months that are gone already nobody counted the lines; what is missing now is what went with them.
    await runner.query(`
      INSERT INTO carried_usage (organization_id, project_id, month, lines)
      SELECT a.organization_id, a.project_id, d.month, a.usage_count - coalesce(u.lines, 0)
      FROM accounts a
      CROSS JOIN (SELECT max(month) AS month FROM dropped_months HAVING count(*) > 0) d
      LEFT JOIN (SELECT organization_id, project_id, count(*) AS lines FROM usage_records GROUP BY 1, 2) u
        ON u.organization_id = a.organization_id AND u.project_id = a.project_id
      WHERE a.usage_count > coalesce(u.lines, 0);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE carried_usage;`);
  }
}
