import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { Attempt } from '../../core/attempt';
import { DialogForm, UiButton, UiField, UiFormDialog, UiIcon, UiInput } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import type { Override, Wish } from './price-preview';
import { PricePreviewNote } from './price-preview-note';
import {
  modelRule,
  MOST_TIERS,
  providerRule,
  ratesRule,
  reasonRule,
  tiersRule,
  type TypedTier,
  untilRule,
} from './price-rules-form';
import { ratesIn, typedRates } from './rate-kinds';
import { RatesFields } from './rates-fields';
import { ReasonField } from './reason-field';

export interface OverrideData {
  readonly overrides: readonly Override[];
  readonly projectNames: ReadonlyMap<string, string>;
  /** Own rates that the new ones take the place of. */
  readonly replaced?: Override;
}

/** Own rates are never changed: new ones take the place of old ones. Closes with the new. */
@Component({
  selector: 'app-override-dialog',
  imports: [
    FormField,
    PricePreviewNote,
    ProjectSelect,
    RatesFields,
    ReasonField,
    UiButton,
    UiField,
    UiFormDialog,
    UiIcon,
    UiInput,
  ],
  templateUrl: './override-dialog.html',
})
export class OverrideDialog {
  protected readonly data = inject<OverrideData>(DIALOG_DATA);
  protected readonly replaced = this.data.replaced;
  protected readonly dialog = new DialogForm<Override>();
  protected readonly mostTiers = MOST_TIERS;
  protected readonly heading =
    this.replaced === undefined
      ? 'Set own rates'
      : `Change the rates of ${this.replaced.provider}/${this.replaced.model}`;
  protected readonly text =
    this.replaced === undefined
      ? "They go before the price table, in US dollars. A project's go before those of the organization."
      : 'In US dollars. New rates take the place of these; what was booked stays as it is.';
  protected readonly today = new Date().toISOString().slice(0, 10);
  private readonly attempt = new Attempt();
  private readonly api = inject(Api);
  private readonly prices = this.api.get('/v1/prices', () => ({
    query: { basis: 'list' as const },
  }));
  protected readonly table = computed(() => this.prices.value()?.items ?? []);
  protected readonly providers = computed(() =>
    [...new Set(this.table().map(({ provider }) => provider))].sort(),
  );
  private readonly model = signal({
    projectId: this.replaced?.projectId ?? '',
    provider: this.replaced?.provider ?? '',
    model: this.replaced?.model ?? '',
    rates: typedRates(this.replaced?.rates),
    tiers: (this.replaced?.tiers ?? []).map(({ aboveInputTokens, rates }): TypedTier => ({
      aboveInputTokens: String(aboveInputTokens),
      rates: typedRates(rates),
    })),
    from: this.today,
    until: this.replaced?.until ?? '',
    reason: '',
  });
  protected readonly f = form(
    this.model,
    (path) => {
      providerRule(path.provider);
      modelRule(path.model);
      ratesRule(path.rates);
      tiersRule(path.tiers, () => this.model().tiers);
      untilRule(path.until, () => this.from());
      reasonRule(path.reason);
    },
    { submission: { action: () => this.save() } },
  );
  protected readonly fromHint = computed(() => {
    if (this.replaced === undefined || this.from() <= this.today) return 'UTC. The first day.';
    const { until } = this.model();
    const isLonger = (this.replaced.until ?? '9999') > until;
    return until !== '' && isLonger
      ? 'UTC. The present rates apply until then, and again when these have ended.'
      : 'UTC. The present rates apply until then.';
  });
  protected readonly wish = computed((): Wish | undefined => {
    const { projectId, provider, model } = this.model();
    const rates = ratesIn(this.model().rates, this.replaced?.rates);
    const isWhole = this.f.provider().valid() && this.f.model().valid();
    return rates && isWhole
      ? { projectId: projectId || null, provider, model, from: this.from(), rates }
      : undefined;
  });

  protected addTier(): void {
    const tier: TypedTier = { aboveInputTokens: '200000', rates: typedRates() };
    this.model.update((model) => ({ ...model, tiers: [...model.tiers, tier] }));
  }

  protected removeTier(index: number): void {
    this.model.update((model) => ({
      ...model,
      tiers: model.tiers.filter((_, at) => at !== index),
    }));
  }

  private from(): string {
    return this.model().from || this.today;
  }

  private async save(): Promise<void> {
    const wanted = this.request();
    if (!wanted) return;
    const body = { ...wanted, id: this.attempt.requestId(JSON.stringify(wanted)) };
    await this.dialog.send(() => this.api.send('post', '/v1/prices/overrides', { body }));
  }

  private request(): Schemas['PriceOverrideRequest'] | undefined {
    const { projectId, provider, model, until, reason } = this.model();
    const rates = ratesIn(this.model().rates, this.replaced?.rates);
    const tiers = this.model().tiers.flatMap((tier) => this.tier(tier) ?? []);
    return (
      rates && {
        ...(projectId === '' ? {} : { projectId }),
        provider,
        model,
        rates,
        ...(tiers.length === 0 ? {} : { tiers }),
        from: this.from(),
        ...(until === '' ? {} : { until }),
        reason,
      }
    );
  }

  private tier(typed: TypedTier) {
    const aboveInputTokens = Number(typed.aboveInputTokens);
    const before = this.replaced?.tiers.find((one) => one.aboveInputTokens === aboveInputTokens);
    const rates = ratesIn(typed.rates, before?.rates);
    return rates && { aboveInputTokens, rates };
  }
}
