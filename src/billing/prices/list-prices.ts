import { Injectable } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import { notFound } from '../../kernel/errors.js';
import type { Nano } from '../../kernel/money.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { UnitOfWork } from '../../platform/database/index.js';
import type { listPrices } from '../billing.contract.js';
import { type Bucket, type ModelPrice, ratesAt } from '../domain/pricing.js';
import type { getPriceVersion, listPriceVersions } from '../prices.contract.js';
import { PriceBook } from './price-book.js';
import { PriceTables } from './price-tables.js';

@Injectable()
export class ListPrices {
  private readonly tables: PriceTables;

  constructor(
    private readonly prices: PriceBook,
    unitOfWork: UnitOfWork,
  ) {
    this.tables = new PriceTables(unitOfWork);
  }

  list({ provider, search }: InputOf<typeof listPrices>['query']): AnswerOf<typeof listPrices> {
    const wanted = search?.toLowerCase();
    const items = this.prices.table.models
      .filter((model) => provider === undefined || model.provider === provider)
      .filter((model) => wanted === undefined || model.id.toLowerCase().includes(wanted))
      .map((model) => ({
        provider: model.provider,
        model: model.id,
        inputPerMillion: perMillion(model, 'input'),
        cacheReadPerMillion: perMillion(model, 'cacheRead'),
        outputPerMillion: perMillion(model, 'output'),
        contextTokens: model.contextTokens ?? null,
        maxOutputTokens: model.maxOutputTokens ?? null,
      }));
    return { version: this.prices.version, items };
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
}

/** Pico-dollars per token are nano-dollars per thousand tokens. */
function perMillion(model: ModelPrice, bucket: Bucket): Nano | null {
  const rate = ratesAt(model, systemClock.now(), 0)[bucket];
  return rate === undefined ? null : BigInt(rate) * 1000n;
}
