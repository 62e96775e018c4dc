import { generateKey } from '../../src/kernel/iron-cage-key.js';
import { call, Installation, sessionRequest } from '../harness/installation.js';
import { eventually, query, secondOrganization, signInAs } from '../harness/people.js';

describe('Iron Cage keys', () => {
  let installation: Installation;
  let projectId: string;
  beforeAll(async () => {
    installation = await Installation.start();
    projectId = (await installation.project({ name: 'Search', deposit: '5' })).id;
  });
  afterAll(() => installation.stop());

  const create = async (body: object = {}) => {
    const wish = { name: 'ci', environment: 'live', ...body };
    const { key, secret } = await installation.must('POST', `/v1/projects/${projectId}/keys`, wish);
    return { id: key.id as string, view: key as Record<string, unknown>, secret: secret as string };
  };
  const start = (key: string) => installation.as(key, 'POST', '/v1/sdk/sessions', sessionRequest());
  const code = async (key: string) => {
    const { status, body } = await start(key);
    return [status, body['error']?.code, body['error']?.message];
  };

  it('are shown once, stored as a hash, and last 90 days unless given', async () => {
    const { id, view, secret } = await create();
    expect(secret).toMatch(new RegExp(`^ic_live_${id}_[0-9A-Za-z]{38}$`));
    expect(view).toMatchObject({
      prefix: `ic_live_${id}`,
      projectName: 'Search',
      state: 'active',
      lastUsedAt: null,
      revokedAt: null,
    });
    const days = (Date.parse(view['expiresAt'] as string) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 1);
    const listed = await installation.must('GET', '/v1/keys');
    expect(JSON.stringify(listed)).not.toContain(secret.slice(-38));
    const rows = await query<object>(installation, 'SELECT * FROM iron_cage_keys');
    const events = await query<object>(installation, 'SELECT * FROM audit_events');
    expect(JSON.stringify([rows, events])).not.toContain(secret.slice(-38));
  });

  it('are refused as malformed without a lookup, as unknown alike, and as revoked or expired to their holder', async () => {
    const { id, secret } = await create();
    const last = secret.endsWith('A') ? 'B' : 'A';
    for (const wrong of [`${secret.slice(0, -1)}${last}`, secret.slice(0, -1), 'ic_', 'ic_x_y']) {
      expect((await code(wrong)).slice(0, 2)).toEqual([401, 'KEY_MALFORMED']);
    }
    const unknown = await code(generateKey('live').key);
    const guessed = generateKey('live');
    await query(installation, 'UPDATE iron_cage_keys SET id = $1 WHERE id = $2', [guessed.id, id]);
    const wrongSecret = await code(guessed.key);
    const { id: revokedId, secret: revoked } = await create();
    await installation.must('DELETE', `/v1/keys/${revokedId}`);
    const { id: expiredId, secret: expired } = await create();
    await query(installation, 'UPDATE iron_cage_keys SET expires_at = now() WHERE id = $1', [
      expiredId,
    ]);
    expect(unknown.slice(0, 2)).toEqual([401, 'KEY_INVALID']);
    expect(wrongSecret).toEqual(unknown);
    // Only to who holds the whole secret.
    expect((await code(revoked)).slice(0, 2)).toEqual([401, 'KEY_REVOKED']);
    expect((await code(expired)).slice(0, 2)).toEqual([401, 'KEY_EXPIRED']);
  });

  it('stop at once when revoked, however busy they are; revoking twice is the same as once', async () => {
    const { id, secret } = await create();
    expect((await start(secret)).status).toBe(201);
    const revocations = async () => {
      const { items } = await installation.must('GET', '/v1/audit');
      return items.filter(
        ({ action, target }: Record<string, string>) =>
          action === 'key.revoke' && target === `key:${id}`,
      );
    };
    const first = await installation.must('DELETE', `/v1/keys/${id}`);
    expect(first).toMatchObject({ id, state: 'revoked' });
    expect((await code(secret))[1]).toBe('KEY_REVOKED');
    expect(await revocations()).toHaveLength(1);
    expect(await installation.must('DELETE', `/v1/keys/${id}`)).toEqual(first);
    expect(await revocations()).toHaveLength(1);
  });

  it('stop within a second when another replica revoked them and the signal was lost', async () => {
    const { id, secret } = await create();
    expect((await start(secret)).status).toBe(201);
    await query(
      installation,
      `WITH revoked AS (
         UPDATE iron_cage_keys SET revoked_at = now() WHERE id = $1 RETURNING organization_id
       )
       INSERT INTO access_epochs SELECT organization_id, 1, clock_timestamp() FROM revoked
       ON CONFLICT (organization_id) DO UPDATE SET epoch = access_epochs.epoch + 1, changed_at = clock_timestamp()`,
      [id],
    );
    await eventually(async () => expect((await code(secret))[1]).toBe('KEY_REVOKED'), 1_000);
  });

  it('note when they were last used, once a minute', async () => {
    const { id, secret } = await create();
    await start(secret);
    const lastUsed = async () => {
      const { items } = await installation.must('GET', '/v1/keys');
      return items.find((key: { id: string }) => key.id === id).lastUsedAt as string | null;
    };
    await eventually(async () => expect(await lastUsed()).not.toBeNull());
    const noted = await lastUsed();
    await start(secret);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await lastUsed()).toBe(noted);
  });

  it('are listed newest first, page by page, per project', async () => {
    const project = await installation.must('POST', '/v1/projects', { name: 'Paging' });
    const made: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { key } = await installation.must('POST', `/v1/projects/${project['id']}/keys`, {
        name: `key ${i}`,
        environment: 'dev',
      });
      made.unshift(key.id);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { items: { id: string }[]; nextCursor: string | null } = await installation.must(
        'GET',
        `/v1/keys?projectId=${project['id']}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(made);
    const odd = await installation.as(installation.token, 'GET', '/v1/keys?cursor=%27--');
    expect([odd.status, odd.body['error'].code]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('of another organization are as if they were not there', async () => {
    const { id } = await create();
    const other = await secondOrganization(installation);
    expect((await installation.as(other, 'DELETE', `/v1/keys/${id}`)).status).toBe(404);
    expect((await installation.as(other, 'GET', '/v1/keys')).body['items']).toEqual([]);
    const wish = { name: 'planted', environment: 'live' };
    const planted = await installation.as(other, 'POST', `/v1/projects/${projectId}/keys`, wish);
    expect(planted.status).toBe(404);
    expect((await installation.as(other, 'GET', `/v1/keys?cursor=${id}`)).body['items']).toEqual(
      [],
    );
  });

  it('cannot be made for an archived project, nor by a viewer, nor by a key', async () => {
    const project = await installation.must('POST', '/v1/projects', { name: 'Old' });
    await query(installation, `UPDATE projects SET state = 'archived' WHERE id = $1`, [
      project['id'],
    ]);
    const path = `/v1/projects/${project['id']}/keys`;
    const wish = { name: 'late', environment: 'live' };
    const late = await installation.as(installation.token, 'POST', path, wish);
    expect([late.status, late.body['error'].code]).toEqual([409, 'PROJECT_ARCHIVED']);
    for (const caller of [await signInAs(installation, 'viewer'), (await create()).secret]) {
      const answer = await installation.as(caller, 'POST', path, wish);
      expect([answer.status, answer.body['error'].code]).toEqual([403, 'FORBIDDEN']);
    }
  });

  it('belong to their sessions: another key does not see them', async () => {
    const { secret } = await create();
    const sessionId = await installation.session(secret);
    const other = await create();
    const end = (key: string) =>
      call(installation.url, 'DELETE', `/v1/sdk/sessions/${sessionId}`, { token: key });
    expect((await end(other.secret)).status).toBe(404);
    expect((await end(secret)).status).toBe(204);
    expect((await end(secret)).status).toBe(204);
  });
});
