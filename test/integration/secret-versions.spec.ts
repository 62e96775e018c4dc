import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions, SYSTEM, UnitOfWork } from '../../src/platform/database/index.js';
import { Keyring, SecretVersions } from '../../src/platform/keyring/index.js';
import { idleJobs } from '../harness/idle-jobs.js';
import { call, Installation, sessionRequest } from '../harness/installation.js';
import { eventually, query } from '../harness/people.js';
import { startServer } from '../harness/server.js';

const ROTATION = '/v1/keys/pepper/rotation';
const BOTH = ['key-pepper', 'session-proof-key'] as const;

let site: Installation;
let kek = '';
/** A second replica, as far as secrets go. */
let dataSource: DataSource;
let unitOfWork: UnitOfWork;
let keyring: Keyring;

beforeAll(async () => {
  kek = randomBytes(32).toString('base64');
  site = await Installation.start({ kek });
  dataSource = await new DataSource(dataSourceOptions(site.server.databaseUrl, 3)).initialize();
  unitOfWork = new UnitOfWork(dataSource);
  keyring = await Keyring.open(
    () =>
      Promise.resolve({
        current: { bytes: Buffer.from(kek, 'base64'), source: 'a test', fresh: false },
        previous: [],
      }),
    dataSource,
  );
});
afterAll(async () => {
  await dataSource.destroy();
  await site.stop();
});

const startReplica = () => {
  const { databaseUrl, dataDir } = site.server;
  return startServer({ databaseUrl, dataDir, kek });
};
const sessionAt = (url: string, secret: string) =>
  call(url, 'POST', '/v1/sdk/sessions', { token: secret, body: sessionRequest() });
const rotate = () => call(site.url, 'POST', ROTATION, { token: site.token });
const versions = async (name: string): Promise<number[]> => {
  const rows = await query<{ version: number }>(
    site,
    'SELECT version FROM server_secrets WHERE name = $1 ORDER BY version',
    [name],
  );
  return rows.map(({ version }) => version);
};
const newest = () => Promise.all(BOTH.map(async (name) => (await versions(name)).at(-1)));
const audited = async () =>
  (await query(site, `SELECT 1 FROM audit_events WHERE action = 'pepper.rotate'`)).length;

describe('the versions of a server secret', () => {
  const open = () => SecretVersions.open(keyring, 'a-secret');
  const inOne = <T>(work: Parameters<typeof unitOfWork.run<T>>[1]) => unitOfWork.run(SYSTEM, work);
  const bytesOf = (found: { key: { export(): Buffer } } | undefined) => found?.key.export();

  it('are the same for all replicas, also one that another has made since', async () => {
    const [here, there] = [await open(), await open()];
    expect(bytesOf(there.current)).toEqual(bytesOf(here.current));
    const first = here.current;
    const version = await inOne((tx) => here.rotate(tx));
    expect(version).toBe(first.version + 1);
    // The commit counts, and who has rotated looks at it as anybody does.
    expect(here.current).toBe(first);
    await here.refresh();
    expect(here.current.version).toBe(version);
    expect(bytesOf(here.current)).not.toEqual(bytesOf(first));
    const [met, again] = await Promise.all([there.of(version), there.of(version)]);
    expect(met).toBe(again);
    expect(bytesOf(met)).toEqual(bytesOf(here.current));
    expect(there.current).toBe(met);
    expect(await there.of(version + 1)).toBeUndefined();
  });

  it('are forgotten everywhere once one replica has dropped them', async () => {
    const [here, there] = [await open(), await open()];
    const old = here.current.version;
    await inOne(async (tx) => here.dropBefore(tx, await here.rotate(tx)));
    expect((await there.of(old))?.version).toBe(old);
    await there.refresh();
    expect(there.current.version).toBe(old + 1);
    expect(await there.of(old)).toBeUndefined();
    expect(await versions('a-secret')).toEqual([old + 1]);
  });

  it('are learnt and forgotten by the clock alone, for as long as the server runs', async () => {
    const [here, there] = [await open(), await open()];
    const old = here.current.version;
    const jobs = idleJobs();
    there.follow(jobs, 20);
    jobs.onApplicationBootstrap();
    try {
      const turn = () => inOne(async (tx) => here.dropBefore(tx, await here.rotate(tx)));
      await turn();
      await turn();
      // Nobody asks for anything meanwhile.
      await eventually(() => {
        expect(there.current.version).toBe(old + 2);
        return Promise.resolve();
      });
      expect(await there.of(old)).toBeUndefined();
    } finally {
      await jobs.beforeApplicationShutdown();
    }
  });

  it('make nothing new once they were dropped, also where nobody has looked since', async () => {
    const [here, there] = [await open(), await open()];
    const old = there.current;
    expect((await there.forNew()).version).toBe(old.version);
    await inOne((tx) => here.rotate(tx));
    keyring.lock();
    try {
      // It cannot be opened, and the one at hand is not dropped.
      expect(await there.forNew()).toBe(old);
      await inOne((tx) => here.dropBefore(tx, old.version + 1));
      await expect(there.forNew()).rejects.toMatchObject({ code: 'VAULT_SEALED' });
    } finally {
      await keyring.unlock();
    }
    expect((await there.forNew()).version).toBe(old.version + 1);
  });

  it('stay at hand while the vault is sealed; none is made then', async () => {
    const here = await open();
    const { version } = here.current;
    keyring.lock();
    try {
      expect((await here.of(version))?.version).toBe(version);
      await here.refresh();
      await expect(inOne((tx) => here.rotate(tx))).rejects.toMatchObject({ code: 'VAULT_SEALED' });
    } finally {
      await keyring.unlock();
    }
    expect((await versions('a-secret')).at(-1)).toBe(version);
  });
});

describe('a rotation of the pepper', () => {
  it('is known to a replica that slept through two of them when it makes or rotates a key', async () => {
    const sleeper = await startReplica();
    const awake = await startReplica();
    try {
      const project = await site.project();
      const [before = 0] = await newest();
      // No key is left that would keep the old pepper.
      await query(site, `UPDATE iron_cage_keys SET revoked_at = now() - interval '2 days'`);
      expect((await rotate()).status).toBe(200);
      expect((await rotate()).status).toBe(200);
      expect(await versions('key-pepper')).toEqual([before + 1, before + 2]);

      const made = await call(sleeper.url, 'POST', `/v1/projects/${project.id}/keys`, {
        token: site.token,
        body: { name: 'made late', environment: 'dev' },
      });
      expect(made.status).toBe(201);
      const { key, secret } = made.body as { key: { id: string }; secret: string };
      const rows = await query<{ version: number }>(
        site,
        'SELECT pepper_version AS version FROM iron_cage_keys WHERE id = $1',
        [key.id],
      );
      expect(rows).toEqual([{ version: before + 2 }]);
      for (const { url } of [sleeper, awake, site.server])
        expect((await sessionAt(url, secret)).status).toBe(201);
    } finally {
      await Promise.all([sleeper.stop(), awake.stop()]);
    }
  }, 60_000);

  it('renews both secrets, and says which pepper is the newest', async () => {
    const [pepper = 0, proofs = 0] = await newest();
    expect(await rotate()).toMatchObject({ status: 200, body: { version: pepper + 1 } });
    expect(await newest()).toEqual([pepper + 1, proofs + 1]);
    // What other replicas use until they hear of it, and what running sessions have.
    for (const name of BOTH) expect((await versions(name)).length).toBeGreaterThanOrEqual(2);
  });

  it.each(BOTH)('has changed nothing when another one of %s was faster', async (name) => {
    const [before, count] = [await newest(), await audited()];
    const faster = await SecretVersions.open(keyring, name);
    const slower = await unitOfWork.run(SYSTEM, async (tx) => {
      await faster.rotate(tx);
      const answer = rotate();
      await eventually(async () =>
        expect(
          await query(
            site,
            `SELECT 1 FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO server_secrets%'`,
          ),
        ).toHaveLength(1),
      );
      return { answer };
    });
    expect(await slower.answer).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
    const lead = BOTH.map((one) => (one === name ? 1 : 0));
    expect(await newest()).toEqual(
      before.map((version = 0, index) => version + (lead[index] ?? 0)),
    );
    expect(await audited()).toBe(count);
    expect((await rotate()).status).toBe(200);
    expect(await audited()).toBe(count + 1);
  });

  it('has changed nothing when only the second secret cannot be written', async () => {
    const [before, count] = [await newest(), await audited()];
    await query(
      site,
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk trouble'; END $$`,
    );
    await query(
      site,
      `CREATE TRIGGER refuse BEFORE INSERT ON server_secrets FOR EACH ROW
         WHEN (NEW.name = 'session-proof-key') EXECUTE FUNCTION refuse()`,
    );
    expect((await rotate()).status).toBe(500);
    expect(await newest()).toEqual(before);
    expect(await audited()).toBe(count);
    await query(site, 'DROP FUNCTION refuse() CASCADE');
    expect(await rotate()).toMatchObject({ status: 200, body: { version: (before[0] ?? 0) + 1 } });
  });

  it('says that the vault is sealed, and not that somebody was faster', async () => {
    const before = await newest();
    await site.must('POST', '/v1/vault/seal', { reason: 'drill' });
    try {
      expect(await rotate()).toMatchObject({
        status: 503,
        body: { error: { code: 'VAULT_SEALED' } },
      });
    } finally {
      await site.must('POST', '/v1/vault/unseal', {});
    }
    expect(await newest()).toEqual(before);
  });
});
