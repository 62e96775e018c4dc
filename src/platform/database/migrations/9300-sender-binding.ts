import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a key alone may act for a session, or the session's own proof is required; and which sessions have shown one. */
export class SenderBinding1700000009300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE projects
        ADD COLUMN sender_binding text NOT NULL DEFAULT 'off' CHECK (sender_binding IN ('off', 'required'));
      ALTER TABLE sessions ADD COLUMN bound boolean NOT NULL DEFAULT false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE sessions DROP COLUMN bound;
      ALTER TABLE projects DROP COLUMN sender_binding;
    `);
  }
}
