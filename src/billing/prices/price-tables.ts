import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SHARED, type UnitOfWork } from '../../platform/database/index.js';
import type { PriceTable } from '../domain/pricing.js';

/** Usage of a month was priced by a few versions at most; each is about a megabyte in memory. */
const MOST_IN_MEMORY = 4;

export interface StoredTable {
  readonly version: string;
  readonly source: string;
  readonly effectiveFrom: Date;
  readonly createdAt: Date;
  readonly models: number;
  readonly inForce: boolean;
}

type ShippedTable = PriceTable & { readonly source: string };

const IN_FORCE = `SELECT version FROM price_tables WHERE effective_from <= now() ORDER BY effective_from DESC, version DESC LIMIT 1`;

/** The versions of the price table: stored once, never changed. */
export class PriceTables {
  private readonly loaded = new Map<string, PriceTable>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Stores the table that came with this server, in force from now on, unless its version is there: then nothing changes, so that a
   * restart of an older server does not bring its prices back.
   *
   * @returns false when that version is there with other contents
   */
  async storeShipped(): Promise<boolean> {
    const shipped = readShipped();
    const content = JSON.stringify(shipped);
    const digest = createHash('sha256').update(content).digest('hex');
    await this.unitOfWork.run(SHARED, (tx) =>
      tx.query(
        `INSERT INTO price_tables (version, source, content, digest, effective_from) VALUES ($1, $2, $3, $4, now())
         ON CONFLICT (version) DO NOTHING`,
        [shipped.version, shipped.source, content, digest],
      ),
    );
    const [stored] = await this.unitOfWork.read<{ digest: string }>(
      SHARED,
      'SELECT digest FROM price_tables WHERE version = $1',
      [shipped.version],
    );
    return stored?.digest === digest;
  }

  async versionInForce(): Promise<string> {
    const [row] = await this.unitOfWork.read<{ version: string }>(SHARED, IN_FORCE);
    if (!row) throw new Error('no price table is in force');
    return row.version;
  }

  /** @returns `undefined` when there is no such version */
  async get(version: string): Promise<PriceTable | undefined> {
    const known = this.loaded.get(version);
    if (known) return known;
    const [row] = await this.unitOfWork.read<{ content: PriceTable }>(
      SHARED,
      'SELECT content FROM price_tables WHERE version = $1',
      [version],
    );
    if (!row) return undefined;
    const [oldest] = this.loaded.keys();
    if (this.loaded.size >= MOST_IN_MEMORY && oldest !== undefined) this.loaded.delete(oldest);
    this.loaded.set(version, row.content);
    return row.content;
  }

  list(): Promise<StoredTable[]> {
    return this.unitOfWork.read<StoredTable>(
      SHARED,
      `SELECT version, source, effective_from AS "effectiveFrom", created_at AS "createdAt", json_array_length(content -> 'models') AS models,
         version = (${IN_FORCE}) AS "inForce"
       FROM price_tables ORDER BY effective_from DESC, version DESC LIMIT 200`,
    );
  }
}

function readShipped(): ShippedTable {
  const text = readFileSync(new URL('./price-table.json', import.meta.url), 'utf8');
  return JSON.parse(text) as ShippedTable;
}
