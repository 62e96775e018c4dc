import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../src/kernel/ids.js';
import { runCli } from '../harness/command-line.js';
import {
  Installation,
  type Json,
  OWNER,
  type ProjectFixture,
  sessionRequest,
} from '../harness/installation.js';
import { query, secondOrganization } from '../harness/people.js';

let site: Installation;
let project: ProjectFixture;
let home = '';

beforeAll(async () => {
  site = await Installation.start();
  project = await site.project();
  home = mkdtempSync(path.join(tmpdir(), 'ic-creations-'));
  await cli(['login', '--email', OWNER.email, '--password-stdin'], OWNER.password);
});
afterAll(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

const cli = (args: readonly string[], stdin = '') =>
  runCli(args, { XDG_CONFIG_HOME: home, IRON_CAGE_URL: site.url }, stdin);
const post = (address: string, body: object) => site.as(site.token, 'POST', address, body);
const crowd = <T>(work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 12 }, work));
const conflict = { status: 409, body: { error: { code: 'CONFLICT' } } };

async function eventsOf(action: string, target: string): Promise<number> {
  const sql = 'SELECT count(*)::int AS events FROM audit_events WHERE action = $1 AND target = $2';
  const [row] = await query<{ events: number }>(site, sql, [action, target]);
  return row?.events ?? 0;
}

describe('own rates with an id of the client', () => {
  const wish = (id: string, fields: object = {}) => ({
    id,
    projectId: project.id,
    provider: 'openai',
    model: 'gpt-5-mini',
    rates: { input: '1', output: '2' },
    reason: 'contract',
    ...fields,
  });
  const overrides = async (): Promise<Json[]> =>
    (await site.must('GET', '/v1/prices/overrides'))['items'] as Json[];

  it('are made once, however often and however many at once ask, with one answer', async () => {
    const id = newId();
    const answers = await crowd(() => post('/v1/prices/overrides', wish(id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await overrides()).filter((row) => row['id'] === id)).toHaveLength(1);
    expect(await eventsOf('price.override', `price-override:${id}`)).toBe(1);

    await site.must('DELETE', `/v1/prices/overrides/${id}`);
    // A late repetition brings nothing back.
    expect(await post('/v1/prices/overrides', wish(id))).toMatchObject({
      status: 201,
      body: { id },
    });
    expect(await overrides()).toEqual([]);
  });

  it('are refused when the id stands for others, and are nobody else’s', async () => {
    const id = newId();
    await post('/v1/prices/overrides', wish(id));
    const other = wish(id, { rates: { input: '1', output: '3' } });
    expect(await post('/v1/prices/overrides', other)).toMatchObject(conflict);
    const stranger = await secondOrganization(site, 'Retry Strangers');
    const mine = { ...wish(id), projectId: undefined };
    expect(await site.as(stranger, 'POST', '/v1/prices/overrides', mine)).toMatchObject({
      status: 201,
      body: { id, projectId: null },
    });
    await site.must('DELETE', `/v1/prices/overrides/${id}`);
  });

  it('are made once by a command that is repeated', async () => {
    const id = newId();
    const args = ['prices', 'override', 'openai', 'gpt-5', '--input', '1', '--output', '2'];
    const command = [...args, '--reason', 'contract', '--request-id', id];
    const [first, second] = [await cli(command), await cli(command)];
    expect([first.code, second]).toEqual([0, first]);
    expect(await overrides()).toHaveLength(1);
    const bad = await cli([...args, '--reason', 'contract', '--request-id', 'mine']);
    expect(bad).toMatchObject({ code: 2, err: expect.stringContaining('UUID') });
  });
});

describe('a key with a request id', () => {
  const address = () => `/v1/projects/${project.id}/keys`;
  const wish = (requestId: string, fields: object = {}) => ({
    requestId,
    name: 'retried',
    environment: 'dev',
    spendCap: '5',
    ...fields,
  });

  it('is made once, with its budget; who comes again is told which, and its secret works', async () => {
    const requestId = newId();
    const answers = await crowd(() => post(address(), wish(requestId)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    const { key, secret } = made[0]?.body ?? {};
    for (const { status, body } of answers) {
      if (status === 201) continue;
      expect({ status, error: body['error'] }).toMatchObject({
        status: 409,
        error: { code: 'CONFLICT', details: { keyId: key.id } },
      });
      expect(body['error'].message).toContain('Rotate it');
    }
    const { items } = await site.must<{ items: Json[] }>('GET', '/v1/keys');
    expect(items.filter(({ name }) => name === 'retried')).toHaveLength(1);
    const budgets = await site.must<{ items: Json[] }>('GET', '/v1/budgets');
    expect(budgets.items.filter(({ scopeId }) => scopeId === key.id)).toHaveLength(1);
    const agent = await site.as(secret, 'POST', '/v1/sdk/sessions', sessionRequest());
    expect(agent.status).toBe(201);
  });

  it('is refused when the id stands for another key', async () => {
    const requestId = newId();
    expect((await post(address(), wish(requestId))).status).toBe(201);
    const other = await post(address(), wish(requestId, { name: 'another' }));
    expect(other).toMatchObject(conflict);
    expect(other.body['error'].details?.keyId).toBeUndefined();
    expect(other.body['error'].message).toContain('used before');
  });

  it('is not made again by a command that is repeated', async () => {
    const command = ['key', 'create', project.name, '--name', 'cli-twice', '--request-id', newId()];
    expect((await cli(command)).code).toBe(0);
    const again = await cli(command);
    expect(again.code).not.toBe(0);
    expect(again.err).toMatch(/made by an earlier attempt/);
    const { items } = await site.must<{ items: Json[] }>('GET', '/v1/keys');
    expect(items.filter(({ name }) => name === 'cli-twice')).toHaveLength(1);
  });
});

describe('a rotation with a request id', () => {
  const works = async (secret: string): Promise<boolean> => {
    const answer = await site.as(secret, 'POST', '/v1/sdk/sessions', sessionRequest());
    return answer.status === 201;
  };
  const made = async (name: string): Promise<{ id: string; secret: string }> => {
    const wish = { name, environment: 'dev' };
    const { body } = await post(`/v1/projects/${project.id}/keys`, wish);
    return { id: String(body['key'].id), secret: String(body['secret']) };
  };

  it('replaces the secret that was lost, and leaves the one that agents use its time', async () => {
    const { id, secret } = await made('rotated-twice');
    const wish = { overlapMinutes: 30, requestId: newId() };
    const lost = await post(`/v1/keys/${id}/rotation`, wish);
    const again = await post(`/v1/keys/${id}/rotation`, wish);
    expect([lost.status, again.status]).toEqual([201, 201]);
    expect(again.body['key'].oldSecretUntil).toBe(lost.body['key'].oldSecretUntil);
    expect(await works(String(again.body['secret']))).toBe(true);
    expect(await works(secret)).toBe(true);
    expect(await works(String(lost.body['secret']))).toBe(false);
    // Another rotation is one of its own: the secret before it is the one that works for a while.
    const next = await post(`/v1/keys/${id}/rotation`, { ...wish, requestId: newId() });
    expect(await works(String(next.body['secret']))).toBe(true);
    expect(await works(String(again.body['secret']))).toBe(true);
    expect(await works(secret)).toBe(false);
  });

  it('is refused when the id stands for another one, and changes nothing', async () => {
    const { id, secret } = await made('rotated-otherwise');
    const requestId = newId();
    const first = await post(`/v1/keys/${id}/rotation`, { overlapMinutes: 30, requestId });
    const other = await post(`/v1/keys/${id}/rotation`, { overlapMinutes: 0, requestId });
    expect(other).toMatchObject(conflict);
    expect(await works(String(first.body['secret']))).toBe(true);
    expect(await works(secret)).toBe(true);
  });

  it('does the same by a command that is repeated', async () => {
    const { secret } = await made('rotated-by-command');
    const command = ['key', 'rotate', 'rotated-by-command', '--request-id', newId()];
    const [lost, again] = [await cli(command), await cli(command)];
    expect([lost.code, again.code]).toEqual([0, 0]);
    expect(await works(again.out.trim())).toBe(true);
    expect(await works(secret)).toBe(true);
    expect(await works(lost.out.trim())).toBe(false);
  });
});

describe('an organization with an id of the client', () => {
  it('is made once, however often and however many at once ask, with one answer', async () => {
    const id = newId();
    const answers = await crowd(() => post('/v1/organizations', { id, name: 'Twice' }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const { items } = await site.must<{ items: Json[] }>('GET', '/v1/organizations');
    expect(items.filter(({ name }) => name === 'Twice')).toMatchObject([{ id }]);
    expect(await eventsOf('organization.create', `organization:${id}`)).toBe(1);
    expect(await post('/v1/organizations', { id, name: 'Other' })).toMatchObject(conflict);
  });

  it('that there is already is not told to who did not make it', async () => {
    const { items } = await site.must<{ items: Json[] }>('GET', '/v1/organizations');
    const own = items[0] ?? {};
    const body = { id: own['id'], name: own['name'] };
    expect(await post('/v1/organizations', body)).toMatchObject(conflict);
  });

  it('is made once by a command that is repeated', async () => {
    const command = ['organization', 'create', 'By Command', '--request-id', newId()];
    const [first, second] = [await cli(command), await cli(command)];
    expect([first.code, second]).toEqual([0, first]);
  });
});
