import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { systemClock } from '../../kernel/clock.js';
import type { Nano } from '../../kernel/money.js';
import { UnitOfWork } from '../../platform/database/index.js';
import { Jobs } from '../../platform/jobs/index.js';
import { Keyring } from '../../platform/keyring/index.js';
import { Signals } from '../../platform/redis/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import {
  chargeOf,
  dayOf,
  findModel,
  type ModelPrice,
  multipliersFor,
  priceOn,
  type Pricing,
  type PriceTable,
  type Tokens,
} from '../domain/pricing.js';
import { PriceSigner, type Signature } from './price-signer.js';
import { PriceTables } from './price-tables.js';
import { PriceTerms, type PriceScope, type Terms } from './price-terms.js';

const POLL_MS = 15_000;
const MOST_NAMES = 10_000;
const MOST_SIGNED = 64;
/** Has no own rates and no own mark-up. */
const NO_PROJECT = '';
/** Whoever changes prices publishes it; it is the topic of all that limits spending. */
export const PRICES_TOPIC = 'budgets';

export type { PriceScope };
export type SignedPrices = PriceTable & { readonly signature: Signature };

/** A call, as far as its price depends on it. */
export interface UsedCall {
  readonly provider: string;
  readonly model: string;
  readonly tokens: Tokens;
  readonly modifiers: readonly string[];
}

interface InForce {
  readonly table: PriceTable;
  readonly found: Map<string, ModelPrice | undefined>;
}

/** The prices in force: the table, and what each project makes of it. */
@Injectable()
export class PriceBook implements OnModuleInit, OnModuleDestroy {
  private readonly tables: PriceTables;
  private readonly terms: PriceTerms;
  private readonly signed = new Map<string, SignedPrices>();
  private inForce: InForce | undefined;
  private signer: PriceSigner | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    unitOfWork: UnitOfWork,
    private readonly keyring: Keyring,
    private readonly signals: Signals,
    jobs: Jobs,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    jobs.every(POLL_MS, 'price-book', () => this.refresh());
    this.tables = new PriceTables(unitOfWork);
    this.terms = new PriceTerms(unitOfWork);
  }

  async onModuleInit(): Promise<void> {
    if (!(await this.tables.storeShipped())) {
      this.logger.error('the shipped price table has the version of another one; that one is used');
    }
    await this.refresh();
    this.signer = await PriceSigner.open(this.keyring);
    this.unsubscribe = this.signals.subscribe(({ topic, organizationId }) => {
      if (topic === PRICES_TOPIC) this.terms.forget(organizationId);
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  get table(): PriceTable {
    return this.current.table;
  }

  /** Of the table alone; a project's is {@link versionFor}. */
  get version(): string {
    return this.table.version;
  }

  get publicKey(): string {
    return this.opened.publicKey;
  }

  /** Looks at the database for a newer table. */
  async refresh(): Promise<void> {
    const version = await this.tables.versionInForce();
    if (version === this.inForce?.table.version) return;
    const table = await this.tables.get(version);
    if (table) this.inForce = { table, found: new Map() };
  }

  /** Changes whenever anything changes that a project's calls cost. */
  async versionFor(scope: PriceScope): Promise<string> {
    return this.versionWith(await this.terms.of(scope));
  }

  /** As {@link versionFor}, for many at once, in the same order. */
  async versionsFor(scopes: readonly PriceScope[]): Promise<string[]> {
    return (await this.terms.ofMany(scopes)).map((terms) => this.versionWith(terms));
  }

  /** The prices of a project, of all providers; without a project those that the organization has for all of them. */
  async pricesFor(
    scope: Pick<PriceScope, 'organizationId'> & Partial<PriceScope>,
  ): Promise<PriceTable> {
    const { organizationId, projectId = NO_PROJECT } = scope;
    return this.resolve(await this.terms.of({ organizationId, projectId }));
  }

  /** Prices calls of a project, all of them by the same prices. */
  async priceCalls(
    scope: PriceScope,
    calls: readonly UsedCall[],
  ): Promise<{ cost: Nano | undefined; pricing: Pricing }[]> {
    if (calls.length === 0) return [];
    const prices = this.resolve(await this.terms.of(scope));
    const day = dayOf(systemClock.now());
    const { version } = this;
    return calls.map((call) => this.priceOne(prices, version, day, call));
  }

  /** What a session needs: the prices of the providers that it has secrets for, signed for its project. */
  async bundleFor(scope: PriceScope, providers: readonly string[]): Promise<SignedPrices> {
    const prices = this.resolve(await this.terms.of(scope));
    const names = [...providers].sort();
    const key = [scope.organizationId, scope.projectId, prices.version, ...names].join(' ');
    const known = this.signed.get(key);
    if (known) return known;
    const mine = <T extends { provider: string }>(list: readonly T[] = []): T[] =>
      list.filter(({ provider }) => names.includes(provider));
    const bundle: PriceTable = {
      ...prices,
      models: mine(prices.models),
      multipliers: mine(prices.multipliers),
      overrides: mine(prices.overrides),
    };
    const signed = { ...bundle, signature: this.opened.sign(scope, bundle) };
    if (this.signed.size >= MOST_SIGNED) this.signed.clear();
    this.signed.set(key, signed);
    return signed;
  }

  private priceOne(
    prices: PriceTable,
    version: string,
    day: string,
    { provider, model, tokens, modifiers }: UsedCall,
  ): { cost: Nano | undefined; pricing: Pricing } {
    const told = modifiers.length > 0 && { modifiers: [...new Set(modifiers)].sort() };
    const price = priceOn(prices, provider, model, day, () => this.find(provider, model));
    if (!price) return { cost: undefined, pricing: { source: 'client', version, day, ...told } };
    const multipliers = multipliersFor(prices, provider, model, modifiers);
    const { markupBasisPoints = 0 } = prices;
    return {
      cost: chargeOf(price, tokens, { multipliers, markupBasisPoints }),
      pricing: {
        source: price.source,
        version,
        day,
        ...(price.id !== undefined && { id: price.id }),
        ...(price.source === 'ceiling' && { rates: price.rates }),
        ...told,
        ...(multipliers.length > 0 && { multipliers }),
        ...(markupBasisPoints > 0 && { markupBasisPoints }),
      },
    };
  }

  private find(provider: string, model: string): ModelPrice | undefined {
    const { table, found } = this.current;
    const key = `${provider} ${model.toLowerCase()}`;
    if (!found.has(key)) {
      // Names come from clients: the memory of past look-ups must not grow without end.
      if (found.size >= MOST_NAMES) found.clear();
      found.set(key, findModel(table, provider, model));
    }
    return found.get(key);
  }

  private resolve(terms: Terms): PriceTable {
    const { models, multipliers = [] } = this.table;
    const { overrides, markupBasisPoints, ceiling } = terms;
    return {
      version: this.versionWith(terms),
      models,
      multipliers,
      overrides,
      markupBasisPoints,
      ...(ceiling && { ceiling }),
    };
  }

  private versionWith({ hash }: Terms): string {
    return hash === '' ? this.version : `${this.version}+${hash}`;
  }

  private get current(): InForce {
    if (!this.inForce) throw new Error('the prices are not loaded yet');
    return this.inForce;
  }

  private get opened(): PriceSigner {
    if (!this.signer) throw new Error('the price signing key is not loaded yet');
    return this.signer;
  }
}
