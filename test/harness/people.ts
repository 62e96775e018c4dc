import pg from 'pg';
import { type Answer, call, type Installation, OWNER } from './installation.js';

/** `name=value` of the cookie that an answer set, ready to be sent back. */
export function cookieOf(answer: Pick<Answer, 'headers'>): string | undefined {
  return answer.headers.getSetCookie()[0]?.split(';')[0];
}

/** Adds a member and signs in as that one. Every address may sign in ten times a minute. */
export async function signInAs(
  installation: Installation,
  role: 'admin' | 'developer' | 'viewer',
  email = `${role}@acme.test`,
): Promise<string> {
  const password = `the password of ${email}`;
  await installation.must('POST', '/v1/members', { email, name: `The ${role}`, role, password });
  return login(installation, { email, password });
}

/** Another organization of the same operator. @returns the token of its owner */
export async function secondOrganization(
  installation: Installation,
  name = 'Other Company',
): Promise<string> {
  const { id } = await installation.must('POST', '/v1/organizations', { name });
  const { email, password } = OWNER;
  return login(installation, { email, password, organizationId: id as string });
}

export async function login(installation: Installation, body: object): Promise<string> {
  const answer = await call(installation.url, 'POST', '/v1/auth/login', { body });
  if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`);
  return answer.body['accessToken'] as string;
}

/** Behind the server's back, in its database. */
export async function query<Row>(
  installation: Installation,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client(installation.server.databaseUrl);
  await client.connect();
  try {
    return (await client.query(sql, parameters)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** For what happens soon, but not at once. */
export async function eventually(check: () => Promise<void>, limitMs = 4_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
