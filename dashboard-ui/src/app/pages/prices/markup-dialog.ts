import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { DialogForm, UiField, UiInput } from '../../ui';
import { dollarWith, markupOf } from './price-preview';
import { basisPointsIn, percentRule, reasonRule } from './price-rules-form';
import { termBody, type TermData, TermForm } from './term-form';

/** Closes with `true` when the mark-up is set. */
@Component({
  selector: 'app-markup-dialog',
  imports: [FormField, TermForm, UiField, UiInput],
  template: `<app-term-form
    [of]="f"
    [dialog]="dialog"
    heading="Set a mark-up"
    text="It is added to every cost, also to own rates. A project's own takes the place of the organization's."
    action="Set mark-up"
    reason="Internal cost centre"
    [changes]="preview()"
  >
    <ui-field label="Percent" [hint]="now()" [of]="f.percent">
      <input
        uiInput
        inputmode="decimal"
        autocomplete="off"
        placeholder="2.5"
        [formField]="f.percent"
      />
    </ui-field>
  </app-term-form>`,
})
export class MarkupDialog {
  private readonly data = inject<TermData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<boolean>();
  private readonly api = inject(Api);
  private readonly model = signal({ projectId: this.data.projectId, percent: '', reason: '' });
  private readonly points = computed(() =>
    markupOf(this.data.terms, this.model().projectId || null),
  );
  protected readonly now = computed(() => `At present ${this.points() / 100}%.`);
  protected readonly preview = computed(() => {
    const points = basisPointsIn(this.model().percent);
    if (points === undefined) return ['Enter a percentage to see it.'];
    const others = (this.data.terms?.markups ?? []).filter(({ projectId }) => projectId !== null);
    const kept = this.model().projectId === '' ? others.length : 0;
    return [
      `What costs $1.00 by its rates is booked as ${dollarWith(points)}, until now as ${dollarWith(this.points())}.`,
      ...(kept > 0
        ? [`${kept === 1 ? 'One project keeps its' : `${kept} projects keep their`} own mark-up.`]
        : []),
      'What was booked stays as it is.',
    ];
  });
  protected readonly f = form(
    this.model,
    (path) => {
      percentRule(path.percent);
      reasonRule(path.reason);
    },
    { submission: { action: () => this.save() } },
  );

  private async save(): Promise<void> {
    const basisPoints = basisPointsIn(this.model().percent);
    if (basisPoints === undefined) return;
    await this.dialog.send(async () => {
      await this.api.send('put', '/v1/prices/markup', {
        body: { ...termBody(this.model()), basisPoints },
      });
      return true;
    });
  }
}
