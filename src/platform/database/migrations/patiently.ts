import type { PoolClient } from 'pg';
import type { QueryRunner } from 'typeorm';

/** Rows of years are rewritten: the ordinary limits of a statement are for requests. */
const LONGEST_MS = 3_600_000;

/** Statements of the migration's own transaction that may take as long as they need. */
export async function patiently(runner: QueryRunner): Promise<(text: string) => Promise<unknown>> {
  const client = (await runner.connect()) as PoolClient;
  const limits = { query_timeout: LONGEST_MS };
  await client.query('SET LOCAL statement_timeout = 0');
  return (text) => client.query({ text, ...limits } as { text: string });
}
