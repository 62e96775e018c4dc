import { setTimeout as wait } from 'node:timers/promises';
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { newId } from '../../src/kernel/ids.js';
import {
  dataSourceOptions,
  prepared,
  SHARED,
  SYSTEM,
  UnitOfWork,
  violatedConstraint,
} from '../../src/platform/database/index.js';
import { createDatabase } from '../harness/server.js';

const WHO = `SELECT pg_backend_pid() AS pid, nullif(current_setting('iron_cage.organization', true), '') AS organization,
  nullif(current_setting('iron_cage.scope', true), '') AS scope, $1::int AS number`;
type Who = { pid: number; organization: string | null; scope: string | null };

let drop: () => Promise<void>;
let dataSource: DataSource;
/** Of one connection, so that whatever it is left with is what the next one finds. */
let alone: UnitOfWork;
let outside: DataSource;

beforeAll(async () => {
  const database = await createDatabase();
  ({ drop } = database);
  dataSource = await new DataSource(dataSourceOptions(database.url, 1)).initialize();
  outside = await new DataSource(dataSourceOptions(database.url)).initialize();
  alone = new UnitOfWork(dataSource);
  await outside.query('CREATE TABLE notes (id int PRIMARY KEY, text text)');
});

beforeEach(() => outside.query(`TRUNCATE notes; INSERT INTO notes VALUES (1, 'first')`));

afterAll(async () => {
  await dataSource.destroy();
  await outside.destroy();
  await drop();
});

const who = async (): Promise<Who | undefined> => (await alone.read<Who>(SHARED, WHO, [1]))[0];
const notes = async (): Promise<string[]> =>
  (await outside.query<{ text: string }[]>('SELECT text FROM notes ORDER BY id')).map(
    ({ text }) => text,
  );

describe('a transaction', () => {
  it('runs for whom it says, and leaves nothing of it on the connection', async () => {
    const organization = newId();
    const before = await who();
    const [read] = await alone.read<Who>(organization, WHO, [1]);
    const seen = await alone.run(organization, async (tx) => [
      await tx.query<Who>(WHO, [1]),
      await tx.query<Who>(WHO, [2]),
    ]);
    const [everywhere] = await alone.read<Who>(SYSTEM, WHO, [1]);
    expect(read).toMatchObject({ pid: before?.pid, organization, scope: null });
    for (const [row] of seen) expect(row).toMatchObject({ organization, scope: null });
    expect(everywhere).toMatchObject({ organization: null, scope: 'system' });
    expect(await who()).toEqual(before);
    expect(before).toMatchObject({ organization: null, scope: null });
    const [bare] = await dataSource.query<Who[]>(WHO, [1]);
    expect(bare).toEqual({ pid: before?.pid, organization: null, scope: null, number: 1 });
  });

  it.each(['', 'x', `${newId()}'; DROP TABLE notes; --`, newId().toUpperCase()])(
    'is not opened for %j',
    async (scope) => {
      await expect(alone.run(scope, (tx) => tx.query('SELECT 1'))).rejects.toThrow(/needs the id/);
      await expect(alone.read(scope, 'SELECT 1')).rejects.toThrow(/needs the id/);
    },
  );

  it('takes everything back when one statement fails, and gives the connection back whole', async () => {
    const { pid } = (await who()) ?? {};
    const failed = alone.run(SHARED, async (tx) => {
      await tx.query(`INSERT INTO notes VALUES (2, 'second')`);
      await tx.query(`INSERT INTO notes VALUES (1, 'again')`);
    });
    expect(violatedConstraint(await failed.catch((error: unknown) => error))).toBe('notes_pkey');
    expect(await notes()).toEqual(['first']);
    expect(await who()).toMatchObject({ pid });
  });

  it('takes everything back when the work throws', async () => {
    const failed = alone.run(SHARED, async (tx) => {
      await tx.query(`INSERT INTO notes VALUES (2, 'second')`);
      throw new Error('changed its mind');
    });
    await expect(failed).rejects.toThrow('changed its mind');
    expect(await notes()).toEqual(['first']);
  });

  it('does not say that it was committed when a failure was overlooked', async () => {
    const overlooked = alone.run(SHARED, async (tx) => {
      await tx.query(`INSERT INTO notes VALUES (2, 'second')`);
      await tx.query('SELECT 1 / 0').catch(() => undefined);
      return 'done';
    });
    await expect(overlooked).rejects.toThrow(/rolled back/);
    expect(await notes()).toEqual(['first']);
  });

  it('commits what was deferred, and only if all of it can be', async () => {
    await alone.run(SHARED, (tx) => {
      tx.defer('INSERT INTO notes VALUES ($1, $2)', [2, 'second']);
      return Promise.resolve();
    });
    expect(await notes()).toEqual(['first', 'second']);
    const { pid } = (await who()) ?? {};
    const failed = alone.run(SHARED, (tx) => {
      tx.defer('INSERT INTO notes VALUES ($1, $2)', [3, 'third']);
      tx.defer('INSERT INTO notes VALUES ($1, $2)', [1, 'again']);
      tx.defer('INSERT INTO notes VALUES ($1, $2)', [4, 'fourth']);
      return Promise.resolve();
    });
    expect(violatedConstraint(await failed.catch((error: unknown) => error))).toBe('notes_pkey');
    expect(await notes()).toEqual(['first', 'second']);
    expect(await who()).toMatchObject({ pid });
  });

  it('does not send what was deferred when the work throws', async () => {
    const failed = alone.run(SHARED, (tx) => {
      tx.defer('INSERT INTO notes VALUES ($1, $2)', [2, 'second']);
      throw new Error('changed its mind');
    });
    await expect(failed).rejects.toThrow('changed its mind');
    expect(await notes()).toEqual(['first']);
  });

  it('plans a prepared statement once, and goes on as text where a pooler took the plan away', async () => {
    const source = await new DataSource(
      dataSourceOptions((dataSource.options as { url: string }).url, 1),
    ).initialize();
    const unitOfWork = new UnitOfWork(source);
    const count = prepared('SELECT count(*)::int AS notes FROM notes WHERE id < $1');
    const run = () =>
      unitOfWork.run(SHARED, async (tx) => (await tx.query<{ notes: number }>(count, [9]))[0]);
    const plans = async () =>
      (await unitOfWork.read<{ name: string }>(SHARED, 'SELECT name FROM pg_prepared_statements'))
        .length;
    expect([await run(), await run(), await plans()]).toEqual([{ notes: 1 }, { notes: 1 }, 1]);
    await unitOfWork.run(SHARED, (tx) => tx.query('DEALLOCATE ALL'));
    expect([await run(), await run(), await plans()]).toEqual([{ notes: 1 }, { notes: 1 }, 0]);
    await source.destroy();
  });

  it('refuses a statement that comes after its end', async () => {
    let late: () => Promise<unknown> = () => Promise.resolve();
    await alone.run(SHARED, async (tx) => {
      await tx.query('SELECT 1');
      late = () => tx.query(`INSERT INTO notes VALUES (3, 'late')`);
    });
    await expect(late()).rejects.toThrow(/after the end/);
    expect(await notes()).toEqual(['first']);
  });

  it('runs again, as a whole, after a serialization failure', async () => {
    let attempts = 0;
    await alone.run(SHARED, async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await tx.query('SELECT * FROM notes');
      if (attempts++ === 0) await outside.query(`UPDATE notes SET text = 'other' WHERE id = 1`);
      await tx.query(`UPDATE notes SET text = text || '!' WHERE id = 1`);
    });
    expect(attempts).toBe(2);
    expect(await notes()).toEqual(['other!']);
  });

  it('ends with UNAVAILABLE when its connection is lost, and the next one gets another', async () => {
    const { pid } = (await who()) ?? {};
    const lost = alone.run(SHARED, async (tx) => {
      await tx.query(`INSERT INTO notes VALUES (2, 'second')`);
      await outside.query('SELECT pg_terminate_backend($1)', [pid]);
      await tx.query('SELECT 1');
    });
    await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await notes()).toEqual(['first']);
    expect((await who())?.pid).not.toBe(pid);
  });

  it('says that it may have been saved when only the answer to its COMMIT is missing', async () => {
    // Deferred: it runs when everything was sent, and the COMMIT waits for it.
    await outside.query(`
      CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.text = 'slow')
        EXECUTE FUNCTION slow_commit()`);
    const { url } = dataSource.options as { url: string };
    const impatient = dataSourceOptions(url, 1);
    Object.assign((impatient as { extra: Record<string, unknown> }).extra, { query_timeout: 500 });
    const source = await new DataSource(impatient).initialize();
    const unitOfWork = new UnitOfWork(source);
    const unknown = {
      code: 'UNAVAILABLE',
      message: expect.stringContaining('may have been'),
    };
    await expect(
      unitOfWork.run(SHARED, (tx) => tx.query(`INSERT INTO notes VALUES (2, 'slow')`)),
    ).rejects.toMatchObject(unknown);
    await expect(
      unitOfWork.read(SHARED, `INSERT INTO notes VALUES (3, 'slow')`),
    ).rejects.toMatchObject(unknown);
    await source.destroy();
    // Its lock waits for both.
    await outside.query('DROP TRIGGER slow_commit ON notes');
    expect(await notes()).toEqual(['first', 'slow', 'slow']);
  });

  it('says that nothing was changed when it failed before its COMMIT', async () => {
    const refused = alone.run(SHARED, (tx) => {
      tx.defer(`INSERT INTO notes VALUES (1, 'twice')`);
      return Promise.resolve();
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    const { pid } = (await who()) ?? {};
    const lost = alone.run(SHARED, async (tx) => {
      await outside.query('SELECT pg_terminate_backend($1)', [pid]);
      await tx.query('SELECT 1');
    });
    await expect(lost).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Nothing was changed'),
    });
  });

  it('ends with UNAVAILABLE when no answer comes in time, and its connection is not used again', async () => {
    const { url } = dataSource.options as { url: string };
    const impatient = dataSourceOptions(url, 1);
    Object.assign((impatient as { extra: Record<string, unknown> }).extra, { query_timeout: 300 });
    const source = await new DataSource(impatient).initialize();
    const unitOfWork = new UnitOfWork(source);
    const read = unitOfWork.read(SHARED, 'SELECT pg_sleep(2)');
    await expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const run = unitOfWork.run(SHARED, (tx) => tx.query('SELECT pg_sleep(2)'));
    await expect(run).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await unitOfWork.read(SHARED, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await source.destroy();
  });
});

describe('a read', () => {
  it('says what is wrong with its statement, and harms nobody after it', async () => {
    const { pid } = (await who()) ?? {};
    await expect(alone.read(SHARED, 'SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(alone.read(SHARED, 'SELECT $1::int', ['x'])).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(await who()).toMatchObject({ pid });
  });

  it('gives each of a crowd its own answer', async () => {
    const crowd = new UnitOfWork(outside);
    const rows = await Promise.all(
      Array.from({ length: 300 }, (_, number) =>
        crowd.read<{ number: number }>(SHARED, WHO, [number]),
      ),
    );
    expect(rows.map(([row]) => row?.number)).toEqual(rows.map((_, index) => index));
  });
});

describe('a long look', () => {
  const look = (signal: AbortSignal, sql: string) =>
    new UnitOfWork(outside).survey(newId(), signal, (tx) => tx.query<{ value: string }>(sql));

  it('sees one snapshot, has minutes for it, writes nothing and keeps to one core', async () => {
    const { signal } = new AbortController();
    const setting = async (name: string) =>
      (await look(signal, `SELECT current_setting('${name}') AS value`))[0]?.value;
    expect(await setting('transaction_isolation')).toBe('repeatable read');
    expect(await setting('transaction_read_only')).toBe('on');
    expect(await setting('statement_timeout')).toBe('10min');
    expect(await setting('max_parallel_workers_per_gather')).toBe('0');
    await expect(look(signal, `INSERT INTO notes VALUES (2, 'x')`)).rejects.toThrow(/read-only/);
    const [after] = await outside.query<{ value: string }[]>(
      `SELECT current_setting('statement_timeout') AS value`,
    );
    expect(after?.value).toBe('10s');
  });

  it('ends when it is told to, and at once when it was told before', async () => {
    const ending = new AbortController();
    const sleeping = look(ending.signal, 'SELECT pg_sleep(60)');
    const asleep = async (): Promise<boolean> => {
      const rows = await outside.query<unknown[]>(
        `SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'`,
      );
      return rows.length > 0;
    };
    while (!(await asleep())) await wait(10);
    ending.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await asleep()).toBe(false);
    await expect(look(ending.signal, 'SELECT 1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
