import { Injectable } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import { AppError, notFound } from '../../kernel/errors.js';
import type { Nano } from '../../kernel/money.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import {
  chargeOf,
  findModel,
  multipliersFor,
  type Price,
  priceOn,
  type PriceTable,
  type Pricing,
  type Tokens,
} from '../domain/pricing.js';
import { LONGEST_RANGE_MS, type recomputePrices } from '../prices.contract.js';
import { PriceTables } from './price-tables.js';

const PAGE = 2_000;
const MOST_LISTED = 50;
const MOST_NAMES = 10_000;

type Query = InputOf<typeof recomputePrices>['query'];
type Report = AnswerOf<typeof recomputePrices>;
type OwnRates = Pick<Price, 'rates' | 'tiers'>;

interface UsageRow {
  readonly at: Date;
  readonly number: bigint;
  readonly id: string;
  readonly projectId: string;
  readonly provider: string;
  readonly model: string;
  readonly tokens: Tokens;
  readonly cost: Nano;
  readonly clientCost: Nano;
  readonly pricing: Pricing | null;
}

/** Makes costs again out of what the books say about them, and nothing else. */
@Injectable()
export class PriceRecompute {
  private readonly tables: PriceTables;

  constructor(private readonly unitOfWork: UnitOfWork) {
    this.tables = new PriceTables(unitOfWork);
  }

  /** @throws {AppError} VALIDATION_FAILED, NOT_FOUND */
  async run(organizationId: string, query: Query): Promise<Report> {
    const to = query.to ?? new Date(systemClock.now());
    const from = query.from ?? new Date(to.getTime() - LONGEST_RANGE_MS);
    const rangeMs = to.getTime() - from.getTime();
    if (rangeMs <= 0 || rangeMs > LONGEST_RANGE_MS) {
      throw new AppError(
        'VALIDATION_FAILED',
        'Give a range that ends after it begins, of at most 31 days.',
      );
    }
    await this.refuseUnknownProject(organizationId, query.projectId);
    const tally = new Tally();
    const source = new PriceSources(this.tables, this.unitOfWork, organizationId);
    let after: UsageRow | undefined;
    do {
      const rows = await this.page(organizationId, { ...query, from, to }, after);
      for (const row of rows)
        tally.add(row, row.pricing && (await source.derive(row, row.pricing)));
      after = rows.length < PAGE ? undefined : rows.at(-1);
    } while (after);
    return tally.report(from, to);
  }

  private page(
    organizationId: string,
    query: Query,
    after: UsageRow | undefined,
  ): Promise<UsageRow[]> {
    return this.unitOfWork.read<UsageRow>(
      organizationId,
      `SELECT at, number, id, project_id AS "projectId", provider, model, tokens, cost_nano AS cost, client_cost_nano AS "clientCost", pricing
       FROM usage_records
       WHERE organization_id = $1 AND at >= $2 AND at < $3 AND ($4::uuid IS NULL OR project_id = $4)
         AND ($5::uuid IS NULL OR (project_id, number) > ($5::uuid, $6::bigint))
       ORDER BY project_id, number LIMIT ${PAGE}`,
      [
        organizationId,
        query.from,
        query.to,
        query.projectId ?? null,
        after?.projectId ?? null,
        after?.number ?? null,
      ],
    );
  }

  private async refuseUnknownProject(organizationId: string, projectId?: string): Promise<void> {
    if (projectId === undefined) return;
    const sql = 'SELECT 1 FROM projects WHERE organization_id = $1 AND id = $2';
    const rows = await this.unitOfWork.read(organizationId, sql, [organizationId, projectId]);
    if (rows.length === 0) throw notFound('project');
  }
}

/** The sums, and the first records that do not fit. */
class Tally {
  private count = 0;
  private booked = 0n;
  private derived = 0n;
  private clientPriced = 0;
  private unverifiable = 0;
  private unverifiableBooked = 0n;
  private mismatched = 0;
  private readonly mismatches: Report['mismatches'] = [];

  /** @param derived null: the record says nothing about its cost; undefined: what it names is gone */
  add(row: UsageRow, derived: Nano | null | undefined): void {
    if (derived === null) {
      this.unverifiable += 1;
      this.unverifiableBooked += row.cost;
      return;
    }
    this.count += 1;
    this.booked += row.cost;
    this.derived += derived ?? 0n;
    if (row.pricing?.source === 'client') this.clientPriced += 1;
    if (derived === row.cost) return;
    this.mismatched += 1;
    if (this.mismatches.length >= MOST_LISTED) return;
    const { id, at, projectId, provider, model, cost: booked, pricing } = row;
    const version = pricing?.version ?? '';
    this.mismatches.push({
      id,
      at,
      projectId,
      provider,
      model,
      version,
      booked,
      derived: derived ?? null,
    });
  }

  report(from: Date, to: Date): Report {
    const { count, booked, derived, clientPriced, unverifiable, unverifiableBooked } = this;
    const { mismatched, mismatches } = this;
    const sums = { count, booked, derived, clientPriced, unverifiable, unverifiableBooked };
    return { ok: mismatched === 0, from, to, ...sums, mismatched, mismatches };
  }
}

/** Where the prices of past records are looked up. */
class PriceSources {
  private readonly found = new Map<string, ReturnType<typeof findModel>>();
  private readonly overrides = new Map<string, OwnRates | undefined>();

  constructor(
    private readonly tables: PriceTables,
    private readonly unitOfWork: UnitOfWork,
    private readonly organizationId: string,
  ) {}

  async derive(row: UsageRow, pricing: Pricing): Promise<Nano | undefined> {
    if (pricing.source === 'client') return row.clientCost;
    const table = await this.tables.get(pricing.version);
    if (!table) return undefined;
    const price = await this.priceOf(table, row, pricing);
    if (!price) return undefined;
    const multipliers = multipliersFor(table, row.provider, row.model, pricing.modifiers ?? []);
    const { markupBasisPoints = 0 } = pricing;
    return chargeOf(price, row.tokens, { multipliers, markupBasisPoints });
  }

  private async priceOf(
    table: PriceTable,
    { provider, model }: UsageRow,
    { source, day, id, rates }: Pricing,
  ): Promise<OwnRates | undefined> {
    switch (source) {
      case 'table':
        return priceOn(table, provider, model, day, () => this.find(table, provider, model));
      case 'override': {
        const own = id === undefined ? undefined : await this.override(id);
        return own;
      }
      case 'ceiling':
        return rates && { rates, tiers: [] };
      case 'client':
        return undefined;
    }
  }

  private find(table: PriceTable, provider: string, model: string): ReturnType<typeof findModel> {
    const key = [table.version, provider, model].join(' ');
    if (!this.found.has(key)) {
      if (this.found.size >= MOST_NAMES) this.found.clear();
      this.found.set(key, findModel(table, provider, model));
    }
    return this.found.get(key);
  }

  private async override(id: string): Promise<OwnRates | undefined> {
    if (!this.overrides.has(id)) {
      const [row] = await this.unitOfWork.read<OwnRates>(
        this.organizationId,
        'SELECT rates, tiers FROM price_overrides WHERE organization_id = $1 AND id = $2',
        [this.organizationId, id],
      );
      if (this.overrides.size >= MOST_NAMES) this.overrides.clear();
      this.overrides.set(id, row);
    }
    return this.overrides.get(id);
  }
}
