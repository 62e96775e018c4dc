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

  const keyOf = (bytes: Buffer) => ({ bytes: Buffer.from(bytes), source: 'a test', fresh: false });

  it('stays what it was at the start, also when its file was replaced while the vault was sealed', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const given = (current: Buffer, ...previous: Buffer[]) => ({
      current: keyOf(current),
      previous: previous.map(keyOf),
    });
    let keys = given(first);
    const keyring = await Keyring.open(() => Promise.resolve(keys), dataSource);
    // What was read is of no use any more once the keys to wrap with are derived.
    expect(keys.current.bytes).toEqual(Buffer.alloc(32));
    keyring.lock();
    keys = given(second, first);
    await expect(keyring.unlock()).rejects.toMatchObject({ code: 'KEK_WRONG' });
    expect(keyring.locked).toBe(true);

    keys = given(first);
    await keyring.unlock();
    expect(keys.current.bytes).toEqual(Buffer.alloc(32));
    const wrapped = keyring.wrap(Buffer.from('a data key'), ['here']);
    expect(keyring.unwrap(wrapped, ['here'], keyring.kekId).toString()).toBe('a data key');
  });
});
