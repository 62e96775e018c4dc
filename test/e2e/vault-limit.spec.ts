import { Installation } from '../harness/installation.js';
import { query } from '../harness/people.js';
import { sealedSession } from '../harness/vault.js';

const MOST = 64;

describe('more secrets than a session may get', () => {
  let site: Installation;
  beforeAll(async () => {
    site = await Installation.start();
  });
  afterAll(() => site.stop());

  const add = (name: string, body: object = {}) =>
    site.as(site.token, 'POST', '/v1/secrets', {
      name,
      provider: 'openai',
      fields: { [`KEY_${name.toUpperCase()}`]: 'sk-0123456789abcdef' },
      ...body,
    });
  const codeOf = async (name: string, body?: object) => {
    const answer = await add(name, body);
    return [answer.status, answer.body['error']?.code];
  };

  it('are refused when they are stored, and what is there is all delivered', async () => {
    const project = await site.project({ secret: false });
    const other = await site.project({ secret: false });
    const projectId = project.id;
    for (let i = 0; i < 40; i++) expect((await add(`org_${String(i)}`)).status).toBe(201);
    for (let i = 0; i < MOST - 41; i++)
      expect((await add(`own_${String(i)}`, { projectId })).status).toBe(201);

    // One is left: of several at once one gets it.
    const names = ['a', 'b', 'c', 'd'];
    const at = await Promise.all(names.map((name) => add(name, { projectId, environment: 'dev' })));
    expect(at.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const refusal = at.find(({ status }) => status === 409)?.body['error'];
    expect(refusal).toMatchObject({
      code: 'TOO_MANY_SECRETS',
      message: expect.stringContaining('64 secrets at most'),
    });
    expect(await codeOf('one_more', { environment: 'dev' })).toEqual([409, 'TOO_MANY_SECRETS']);
    expect(await codeOf('one_more')).toEqual([409, 'TOO_MANY_SECRETS']);
    // Other keys and other projects have room.
    expect((await add('live', { projectId, environment: 'live' })).status).toBe(201);
    expect((await add('elsewhere', { projectId: other.id })).status).toBe(201);

    const session = await sealedSession(site.url, project.key);
    expect((await session.open()).secrets).toHaveLength(MOST);
    expect(await state(project.key, session.sessionId)).toBe(session.answer.body['secretsVersion']);
  });

  it('that were there before do not make agents fetch again and again', async () => {
    const project = await site.project({ secret: false });
    expect((await add('of_this', { projectId: project.id })).status).toBe(201);
    await query(
      site,
      `INSERT INTO provider_secrets (organization_id, id, project_id, name, provider, hosts, current_version)
       SELECT s.organization_id, gen_random_uuid(), s.project_id, 'more ' || n, s.provider, s.hosts, 1
         FROM provider_secrets s, generate_series(1, 30) AS n WHERE s.project_id = $1`,
      [project.id],
    );
    const session = await sealedSession(site.url, project.key);
    expect((await session.open()).secrets).toHaveLength(MOST);
    expect(await state(project.key, session.sessionId)).toBe(session.answer.body['secretsVersion']);
  });

  async function state(key: string, sessionId: string): Promise<unknown> {
    const answer = await site.as(key, 'POST', `/v1/sdk/sessions/${sessionId}/heartbeat`, {});
    return answer.body['secretsVersion'];
  }
});
