import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/platform/database/options.js';
import { Keyring } from '../../src/platform/keyring/index.js';
import { createDatabase } from '../harness/server.js';

describe('the master key', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let dataSource: DataSource;
  beforeAll(async () => {
    database = await createDatabase();
    dataSource = new DataSource(dataSourceOptions(database.url, 2));
    await dataSource.initialize();
    await dataSource.runMigrations();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const keyOf = (bytes: Buffer) => ({ bytes, source: 'a test', fresh: false });

  it('stays what it was at the start, also when its file was replaced while the vault was sealed', async () => {
    const [first, second] = [keyOf(randomBytes(32)), keyOf(randomBytes(32))];
    let keys = { current: first, previous: [] as (typeof first)[] };
    const keyring = await Keyring.open(() => Promise.resolve(keys), dataSource);
    keyring.lock();
    keys = { current: second, previous: [first] };
    await expect(keyring.unlock()).rejects.toMatchObject({ code: 'KEK_WRONG' });
    expect(keyring.locked).toBe(true);

    keys = { current: first, previous: [] };
    await keyring.unlock();
    const wrapped = keyring.wrap(Buffer.from('a data key'), ['here']);
    expect(keyring.unwrap(wrapped, ['here'], keyring.kekId).toString()).toBe('a data key');
  });
});
