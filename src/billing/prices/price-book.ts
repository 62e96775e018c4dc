import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import type { Nano } from '../../kernel/money.js';
import {
  costOf,
  findModel,
  type ModelPrice,
  type PriceTable,
  type Tokens,
} from '../domain/pricing.js';

/** The price table in force. */
@Injectable()
export class PriceBook {
  readonly table: PriceTable = JSON.parse(
    readFileSync(new URL('./price-table.json', import.meta.url), 'utf8'),
  ) as PriceTable;
  private readonly found = new Map<string, ModelPrice | undefined>();

  get version(): string {
    return this.table.version;
  }

  find(provider: string, model: string): ModelPrice | undefined {
    const key = `${provider} ${model.toLowerCase()}`;
    if (!this.found.has(key)) {
      // Names come from clients: the memory of past look-ups must not grow without end.
      if (this.found.size > 10_000) this.found.clear();
      this.found.set(key, findModel(this.table, provider, model));
    }
    return this.found.get(key);
  }

  /** @returns nano-dollars, or `undefined` for a model that the table does not know */
  price(provider: string, model: string, tokens: Tokens): Nano | undefined {
    const entry = this.find(provider, model);
    return entry && costOf(entry, tokens, systemClock.now());
  }

  /** What a session needs: the models of the providers that it has secrets for. */
  bundle(providers: readonly string[]): PriceTable {
    return {
      version: this.version,
      models: this.table.models.filter(({ provider }) => providers.includes(provider)),
    };
  }
}
