import { readFileSync } from 'node:fs';
import pg from 'pg';
import { newId } from '../../src/kernel/ids.js';
import { call, Installation, type ProjectFixture, usage } from '../harness/installation.js';
import { rolesOf } from '../harness/server.js';
import { secondOrganization } from '../harness/people.js';

type Fault = (sql: string) => string;

/** The filter by which every statement names its organization, gone from all of them at once. */
const noFilters: Fault = (sql) =>
  sql.replaceAll(/(?:\w+\.)?organization_id = \$1\b(?!::)/g, '$1::uuid IS NOT NULL');

/** Lists and sums, as far as they need nothing but a sign-in. */
const LISTS = listRoutes();

function listRoutes(): string[] {
  const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
    paths: Record<string, { get?: { responses: Record<string, { content?: object }> } }>;
  };
  return Object.entries(paths)
    .filter(([path, { get }]) => get && !path.includes('{') && path.startsWith('/v1/'))
    .filter(([, { get }]) => 'application/json' in (get?.responses['200']?.content ?? {}))
    .map(([path]) => path);
}

/** A mistake in the SQL of the server: all its statements pass through here. */
function withFault<T>(fault: Fault, work: () => Promise<T>): Promise<T> {
  const { prototype } = pg.Client;
  const original = prototype.query as (...parameters: unknown[]) => unknown;
  const faulty = function (this: unknown, first: unknown, ...rest: unknown[]): unknown {
    if (typeof first === 'string') return original.call(this, fault(first), ...rest);
    // A statement with a name would be taken for the one that was planned before.
    const { text, values } = first as { text?: string; values?: unknown[] };
    if (typeof text !== 'string') return original.call(this, first, ...rest);
    return original.call(this, { text: fault(text), values }, ...rest);
  };
  prototype.query = faulty as typeof prototype.query;
  return work().finally(() => {
    prototype.query = original as typeof prototype.query;
  });
}

let site: Installation;
let project: ProjectFixture;
let stranger: string;

beforeAll(async () => {
  site = await Installation.start();
  project = await site.project({ name: 'Canary project', deposit: '5' });
  const sessionId = await site.session(project.key);
  const leaseId = newId();
  const send = (path: string, body: object) =>
    call(site.url, 'POST', path, { token: project.key, body });
  await send('/v1/sdk/leases', { leaseId, sessionId, wanted: '0.1', minimum: '0' });
  await send(`/v1/sdk/leases/${leaseId}/settlements`, {
    sessionId,
    seq: 1,
    usage: [usage({})],
    final: true,
  });
  await site.must('POST', '/v1/budgets', { scope: 'organization', window: 'day', limit: '7' });
  stranger = await secondOrganization(site);
});
afterAll(() => site.stop());

/** Lists of the other organization in which something of the first one is seen. */
async function leaksTo(token: string): Promise<string[]> {
  const leaks: string[] = [];
  for (const path of LISTS) {
    const { status, body } = await call(site.url, 'GET', path, { token });
    const text = JSON.stringify(body);
    const seen = [project.id, project.keyId, 'Canary project'].some((canary) =>
      text.includes(canary),
    );
    if (status === 200 && seen) leaks.push(path);
  }
  return leaks;
}

describe('a server that forgot to name the organization in its statements', () => {
  it('is asked for every list that there is, and shows its own organization everything', async () => {
    expect(LISTS.length).toBeGreaterThan(8);
    expect(await leaksTo(stranger)).toEqual([]);
    const own = await withFault(noFilters, () => leaksTo(site.token));
    expect(own).toEqual(expect.arrayContaining(['/v1/projects', '/v1/keys', '/v1/leases']));
  });

  it('shows another organization nothing all the same', async () => {
    expect(await withFault(noFilters, () => leaksTo(stranger))).toEqual([]);
  });

  it('would show it, were it not for the protection by the database', async () => {
    const { system } = rolesOf(new URL(site.server.databaseUrl).pathname.slice(1));
    const noWall: Fault = (sql) =>
      sql.startsWith('BEGIN;')
        ? `BEGIN; SET LOCAL iron_cage.scope = 'system'; SET LOCAL ROLE ${system}`
        : noFilters(sql);
    const leaks = await withFault(noWall, () => leaksTo(stranger));
    expect(leaks).toEqual(expect.arrayContaining(['/v1/projects', '/v1/keys', '/v1/leases']));
  });
});
