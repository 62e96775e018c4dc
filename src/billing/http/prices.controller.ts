import { Controller } from '@nestjs/common';
import type { UserPrincipal } from '../../kernel/principal.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { Caller, Handles, Input } from '../../platform/http/index.js';
import {
  createPriceOverride,
  getPriceTerms,
  getPriceVersion,
  listPriceOverrides,
  listPriceVersions,
  pricePublicKey,
  recomputePrices,
  removePriceOverride,
  setPriceCeiling,
  setPriceMarkup,
} from '../prices.contract.js';
import { ListPrices } from '../prices/list-prices.js';
import { PriceRecompute } from '../prices/price-recompute.js';
import { PriceRules } from '../prices/price-rules.service.js';

@Controller()
export class PricesController {
  constructor(
    private readonly prices: ListPrices,
    private readonly rules: PriceRules,
    private readonly recomputation: PriceRecompute,
  ) {}

  @Handles(listPriceVersions)
  versions(): Promise<AnswerOf<typeof listPriceVersions>> {
    return this.prices.versions();
  }

  @Handles(getPriceVersion)
  version(
    @Input() input: InputOf<typeof getPriceVersion>,
  ): Promise<AnswerOf<typeof getPriceVersion>> {
    return this.prices.version(input.params.version);
  }

  @Handles(pricePublicKey)
  publicKey(): AnswerOf<typeof pricePublicKey> {
    return this.prices.publicKey();
  }

  @Handles(listPriceOverrides)
  overrides(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof listPriceOverrides>,
  ): Promise<AnswerOf<typeof listPriceOverrides>> {
    return this.rules.overrides(user.organizationId, input.query);
  }

  @Handles(createPriceOverride)
  createOverride(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof createPriceOverride>,
  ): Promise<AnswerOf<typeof createPriceOverride>> {
    return this.rules.createOverride(user, input.body);
  }

  @Handles(removePriceOverride)
  async removeOverride(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof removePriceOverride>,
  ): Promise<void> {
    await this.rules.removeOverride(user, input.params.overrideId);
  }

  @Handles(getPriceTerms)
  terms(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof getPriceTerms>,
  ): Promise<AnswerOf<typeof getPriceTerms>> {
    return this.rules.terms(user.organizationId, input.query);
  }

  @Handles(setPriceMarkup)
  setMarkup(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof setPriceMarkup>,
  ): Promise<AnswerOf<typeof setPriceMarkup>> {
    return this.rules.setMarkup(user, input.body);
  }

  @Handles(setPriceCeiling)
  setCeiling(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof setPriceCeiling>,
  ): Promise<AnswerOf<typeof setPriceCeiling>> {
    return this.rules.setCeiling(user, input.body);
  }

  @Handles(recomputePrices)
  recompute(
    @Caller('user') user: UserPrincipal,
    @Input() input: InputOf<typeof recomputePrices>,
  ): Promise<AnswerOf<typeof recomputePrices>> {
    return this.recomputation.run(user.organizationId, input.query);
  }
}
