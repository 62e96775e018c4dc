import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { DialogForm } from '../../ui';
import { ratesRule, reasonRule } from './price-rules-form';
import { ratesIn, typedRates } from './rate-kinds';
import { RatesFields } from './rates-fields';
import { ratesText } from './rates-text';
import { termBody, type TermData, TermForm } from './term-form';

/** Closes with `true` when the ceiling is set. */
@Component({
  selector: 'app-ceiling-dialog',
  imports: [RatesFields, TermForm],
  template: `<app-term-form
    [of]="f"
    [dialog]="dialog"
    heading="Price unknown models"
    text="In US dollars, for models that neither own rates nor the table know. Give what the dearest of them may cost."
    action="Set ceiling"
    reason="Models under evaluation"
    [changes]="[preview()]"
  >
    <app-rates-fields [of]="f.rates" />
  </app-term-form>`,
})
export class CeilingDialog {
  private readonly data = inject<TermData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<boolean>();
  private readonly api = inject(Api);
  private readonly before = this.data.terms?.ceilings.find(
    ({ projectId }) => projectId === (this.data.projectId || null),
  )?.rates;
  private readonly model = signal({
    projectId: this.data.projectId,
    rates: typedRates(this.before),
    reason: '',
  });
  /** In force where it is set: the project's own, else the organization's. */
  protected readonly preview = computed(() => {
    const ceilings = this.data.terms?.ceilings ?? [];
    const present =
      ceilings.find(({ projectId }) => projectId === this.model().projectId) ??
      ceilings.find(({ projectId }) => projectId === null);
    return present === undefined
      ? 'Agents may use models without a price, which they may not at present, and pay at most this.'
      : `Models without a price cost this instead of ${ratesText(present.rates)}.`;
  });
  protected readonly f = form(
    this.model,
    (path) => {
      ratesRule(path.rates);
      reasonRule(path.reason);
    },
    { submission: { action: () => this.save() } },
  );

  private async save(): Promise<void> {
    const rates = ratesIn(this.model().rates, this.before);
    if (rates === undefined) return;
    await this.dialog.send(async () => {
      await this.api.send('put', '/v1/prices/ceiling', {
        body: { ...termBody(this.model()), rates },
      });
      return true;
    });
  }
}
