import type { DataSource } from 'typeorm';
import { SealBrokenError } from '../../kernel/sealed-box.js';
import { StartupError } from '../config/index.js';
import { Kek } from './kek.js';
import type { KnownKek, MasterKeys } from './key-source.js';

const SENTINEL = Buffer.from('iron-cage-sentinel');
const CONTEXT = ['sentinel'];

/** The master keys that the database was encrypted with, oldest first; none before the first start. */
export async function knownKeks(database: Pick<DataSource, 'query'>): Promise<KnownKek[]> {
  const [table] = await database.query<{ there: string | null }[]>(
    `SELECT to_regclass('master_keys')::text AS there`,
  );
  if (table?.there == null) return [];
  // A schema from before key management services has no columns for them.
  const rows = await database.query<KnownKek[]>('SELECT * FROM master_keys ORDER BY created_at');
  return rows.map((row) => ({
    ...row,
    provider: row.provider ?? null,
    wrapped: row.wrapped ?? null,
  }));
}

/**
 * Every master key that the database still needs must be here, and open its sentinel.
 *
 * @throws {StartupError} KEK_WRONG
 */
export function refuseWrongKeys(known: readonly KnownKek[], keys: MasterKeys): void {
  const own = new Map(
    [keys.current, ...keys.previous].map(({ bytes }) => {
      const kek = new Kek(bytes);
      return [kek.id, kek] as const;
    }),
  );
  const missing = known.filter((row) => !opens(own.get(row.kek_id), row.sentinel));
  for (const kek of own.values()) kek.wipe();
  if (missing.length === 0) return;
  const wanted = missing.map((row) => row.kek_id).join(', ');
  const { current } = keys;
  const also = missing.length < known.length ? 'also ' : '';
  throw new StartupError(
    'KEK_WRONG',
    `This database was encrypted with another master key: it ${also}needs ${wanted}, and ${current.source} holds ${new Kek(current.bytes).id}. Restore the right key; without it the stored provider keys cannot be read. To change the master key, give the old one as IRON_CAGE_KEK_PREVIOUS_FILE too. Nothing was changed in the database.`,
  );
}

/**
 * Makes the current key known, if it is not.
 *
 * @returns false when another replica stored its own first key of the same service meanwhile
 * @throws {StartupError} KEK_WRONG
 */
export async function storeSentinel(dataSource: DataSource, keys: MasterKeys): Promise<boolean> {
  const { current } = keys;
  const kek = new Kek(current.bytes);
  return dataSource.transaction(async (manager) => {
    // Two replicas that start for the first time must not both believe that theirs is the first key.
    await manager.query('LOCK TABLE master_keys IN SHARE ROW EXCLUSIVE MODE');
    const known = await knownKeks(manager);
    const { kept } = current;
    if (kept && known.some((row) => row.provider === kept.provider)) return false;
    refuseWrongKeys(known, keys);
    if (known.some((row) => row.kek_id === kek.id)) return true;
    await manager.query(
      'INSERT INTO master_keys (kek_id, sentinel, provider, wrapped) VALUES ($1, $2, $3, $4)',
      [kek.id, kek.wrap(SENTINEL, CONTEXT), kept?.provider ?? null, kept?.wrapped ?? null],
    );
    return true;
  });
}

function opens(kek: Kek | undefined, sentinel: Buffer): boolean {
  try {
    return kek?.unwrap(sentinel, CONTEXT).equals(SENTINEL) ?? false;
  } catch (error) {
    if (error instanceof SealBrokenError) return false;
    throw error;
  }
}
