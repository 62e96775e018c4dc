import { DataSource } from 'typeorm';
import { Outbox } from '../../src/auth/data/outbox.js';
import { KeyExpiryJob } from '../../src/auth/key-expiry.job.js';
import { AlertRetentionJob } from '../../src/notifications/alert-retention.job.js';
import { AlertStore } from '../../src/notifications/data/alert-store.js';
import { dataSourceOptions, UnitOfWork } from '../../src/platform/database/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { call, Installation, type Json } from '../harness/installation.js';
import { query, secondOrganization } from '../harness/people.js';

describe('keys that are about to expire', () => {
  let site: Installation;
  let replicas: DataSource[];
  let jobs: KeyExpiryJob[];
  beforeAll(async () => {
    site = await Installation.start();
    replicas = [1, 2, 3].map(() => new DataSource(dataSourceOptions(site.server.databaseUrl, 4)));
    await Promise.all(replicas.map((one) => one.initialize()));
    jobs = replicas.map((one) => new KeyExpiryJob(new UnitOfWork(one), new Outbox(), idleJobs()));
  });
  afterAll(async () => {
    await Promise.all(replicas.map((one) => one.destroy()));
    await site.stop();
  });

  const create = async (token: string, projectId: string, days: number, name = 'ci') => {
    const body = { name, environment: 'dev', expiresInDays: days };
    const path = `/v1/projects/${projectId}/keys`;
    const answer = await call(site.url, 'POST', path, { token, body });
    return answer.body['key'].id as string;
  };
  const leave = (id: string, left: string) =>
    query(
      site,
      `UPDATE iron_cage_keys SET created_at = now() - interval '1 year', expires_at = now() + $2::interval WHERE id = $1`,
      [id, left],
    );
  const warned = async (token = site.token): Promise<string[]> => {
    const { body } = await call(site.url, 'GET', '/v1/alerts?kind=key.expiring', { token });
    return body['items'].map(({ details }: Json) => details['keyId']);
  };
  const runAll = async () =>
    (await Promise.all(jobs.map((job) => job.run()))).reduce((sum, count) => sum + count, 0);

  it('are warned of once, by whichever replica comes first, and to their own organization', async () => {
    const { id: projectId, keyId } = await site.project({ name: 'Search', secret: false });
    const soon = await Promise.all(
      Array.from({ length: 9 }, (_, i) => create(site.token, projectId, 90, `soon ${i}`)),
    );
    const later = await create(site.token, projectId, 90);
    const over = await create(site.token, projectId, 90);
    const revoked = await create(site.token, projectId, 90);
    for (const id of [...soon, revoked]) await leave(id, '13 days');
    await leave(later, '15 days');
    await leave(over, '-1 second');
    await site.must('DELETE', `/v1/keys/${revoked}`);
    const stranger = await secondOrganization(site);
    const theirs = (await call(site.url, 'POST', '/v1/projects', {
      token: stranger,
      body: { name: 'Theirs' },
    })) as { body: Json };
    const foreign = await create(stranger, theirs.body['id'], 90);
    await leave(foreign, '1 day');

    expect(await runAll()).toBe(10);
    expect((await warned()).sort()).toEqual([...soon].sort());
    expect(await warned(stranger)).toEqual([foreign]);
    expect(await runAll()).toBe(0);
    const { items } = await site.must('GET', '/v1/keys?limit=200');
    const marked = items.filter((key: Json) => key['expiresSoon']).map((key: Json) => key['id']);
    expect(marked.sort()).toEqual([...soon].sort());
    expect(marked).not.toContain(keyId);
    const [alert] = (await site.must('GET', '/v1/alerts?kind=key.expiring&limit=1'))['items'];
    expect(alert).toMatchObject({ projectName: 'Search', projectId });
    expect(alert.summary).toMatch(
      /^Key "soon \d" of project "Search" expires on \d{4}-\d\d-\d\d\./,
    );
  });

  it('with a short life are warned of in its last fifth, and again after a rotation', async () => {
    const { id: projectId } = await site.project({ secret: false });
    const id = await create(site.token, projectId, 5);
    const daysAgo = (days: number, left: string) =>
      query(
        site,
        `UPDATE iron_cage_keys SET created_at = now() - $2::int * interval '1 day', expires_at = now() + $3::interval WHERE id = $1`,
        [id, days, left],
      );
    await daysAgo(4, '25 hours');
    expect(await runAll()).toBe(0);
    await daysAgo(4, '23 hours');
    expect(await runAll()).toBe(1);
    await site.must('POST', `/v1/keys/${id}/rotation`, { expiresInDays: 30 });
    expect(await runAll()).toBe(0);
    await query(
      site,
      `UPDATE iron_cage_keys SET rotated_at = now() - interval '28 days', expires_at = now() + interval '2 days' WHERE id = $1`,
      [id],
    );
    expect(await runAll()).toBe(1);
    expect((await warned()).filter((one) => one === id)).toHaveLength(2);
  });

  it('are alerts, which go after ninety days, and not before', async () => {
    const before = await warned();
    const old = before.slice(0, 3);
    await query(
      site,
      `UPDATE outbox_events SET at = now() - interval '91 days' WHERE payload ->> 'keyId' = ANY($1)`,
      [old],
    );
    const retention = replicas.map(
      (one) => new AlertRetentionJob(new AlertStore(new UnitOfWork(one)), idleJobs()),
    );
    const gone = await Promise.all(retention.map((job) => job.run()));
    expect(gone.reduce((sum, count) => sum + count, 0)).toBe(
      before.filter((id) => old.includes(id)).length,
    );
    expect(await warned()).toEqual(before.filter((id) => !old.includes(id)));
  });
});
