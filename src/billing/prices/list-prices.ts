import { Injectable } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import { notFound } from '../../kernel/errors.js';
import type { Nano } from '../../kernel/money.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import type { listPrices } from '../billing.contract.js';
import {
  dayOf,
  type ModelPrice,
  nanoOf,
  priceOn,
  type PriceTable,
  type Rates,
} from '../domain/pricing.js';
import type { getPriceVersion, listPriceVersions } from '../prices.contract.js';
import { LISTED_UNITS } from '../rates.contract.js';
import { PriceBook } from './price-book.js';
import { PriceTables } from './price-tables.js';

const LISTED_PER = 1_000_000;

type Listed = AnswerOf<typeof listPrices>['items'][number];

@Injectable()
export class ListPrices {
  private readonly tables: PriceTables;

  constructor(
    private readonly prices: PriceBook,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.tables = new PriceTables(unitOfWork);
  }

  async list(
    organizationId: string,
    query: InputOf<typeof listPrices>['query'],
  ): Promise<AnswerOf<typeof listPrices>> {
    const { provider, search, projectId, basis = 'charged' } = query;
    await this.refuseUnknownProject(organizationId, projectId);
    const prices =
      basis === 'list'
        ? this.prices.table
        : await this.prices.pricesFor({
            organizationId,
            ...(projectId !== undefined && { projectId }),
          });
    const day = dayOf(systemClock.now());
    const wanted = search?.toLowerCase();
    const items = prices.models
      .filter((model) => provider === undefined || model.provider === provider)
      .filter((model) => wanted === undefined || model.id.toLowerCase().includes(wanted))
      .flatMap((model) => listed(prices, model, day) ?? []);
    return {
      version: this.prices.version,
      markupBasisPoints: prices.markupBasisPoints ?? 0,
      items: forReaders(items),
    };
  }

  async versions(): Promise<AnswerOf<typeof listPriceVersions>> {
    return { items: await this.tables.list() };
  }

  async version(version: string): Promise<AnswerOf<typeof getPriceVersion>> {
    const table = await this.tables.get(version);
    if (!table) throw notFound('price table');
    return { ...table, models: [...table.models] as { provider: string; id: string }[] };
  }

  publicKey(): { algorithm: 'Ed25519'; key: string } {
    return { algorithm: 'Ed25519', key: this.prices.publicKey };
  }

  private async refuseUnknownProject(
    organizationId: string,
    projectId: string | undefined,
  ): Promise<void> {
    if (projectId === undefined) return;
    const rows = await this.unitOfWork.read(
      organizationId,
      'SELECT 1 FROM projects WHERE organization_id = $1 AND id = $2',
      [organizationId, projectId],
    );
    if (rows.length === 0) throw notFound('project');
  }
}

/** Providers as the table has them, the best known first; their models by name, for the table has them in the order in which names are matched. */
function forReaders(items: readonly Listed[]): Listed[] {
  return [...Map.groupBy(items, ({ provider }) => provider).values()].flatMap((models) =>
    models.sort((a, b) => a.model.localeCompare(b.model, 'en', { numeric: true })),
  );
}

/** A model as a call of that name is priced: what is told for a million of something is what a call that uses a million is charged. */
function listed(prices: PriceTable, model: ModelPrice, day: string): Listed | undefined {
  const price = priceOn(prices, model.provider, model.id, day, () => model);
  if (!price) return undefined;
  const perMillion = (name: keyof Rates): Nano | null => {
    const rate = price.rates[name];
    if (rate === undefined) return null;
    const { markupBasisPoints = 0 } = prices;
    return nanoOf(BigInt(rate) * BigInt(LISTED_PER), { markupBasisPoints });
  };
  const otherRates = LISTED_UNITS.flatMap((unit) => {
    const rate = perMillion(unit === 'calls' ? 'call' : unit);
    return rate === null ? [] : [{ unit, rate, per: LISTED_PER }];
  });
  return {
    provider: model.provider,
    model: model.id,
    source: price.source === 'override' ? 'override' : 'table',
    inputPerMillion: perMillion('input'),
    cacheReadPerMillion: perMillion('cacheRead'),
    outputPerMillion: perMillion('output'),
    otherRates,
    contextTokens: model.contextTokens ?? null,
    maxOutputTokens: model.maxOutputTokens ?? null,
  };
}
