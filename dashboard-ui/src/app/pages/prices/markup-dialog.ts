import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { dollarWith, markupOf, type Terms } from './price-preview';
import { basisPointsIn, percentRule, reasonRule } from './price-rules-form';

export interface TermData {
  readonly terms: Terms | undefined;
  /** Chosen at first; empty: all projects. */
  readonly projectId: string;
}

/** Closes with `true` when the mark-up is set. */
@Component({
  selector: 'app-markup-dialog',
  imports: [FormField, ProjectSelect, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    heading="Set a mark-up"
    text="It is added to every cost, also to own rates. A project's own takes the place of the organization's."
    action="Set mark-up"
  >
    <ui-field label="Applies to" [of]="f.projectId">
      <app-project-select none="All projects" [formField]="f.projectId" />
    </ui-field>
    <ui-field label="Percent" [hint]="now()" [of]="f.percent">
      <input
        uiInput
        inputmode="decimal"
        autocomplete="off"
        placeholder="2.5"
        [formField]="f.percent"
      />
    </ui-field>
    <ui-field label="Reason" hint="Kept in the audit trail." [of]="f.reason">
      <input uiInput autocomplete="off" placeholder="Internal cost centre" [formField]="f.reason" />
    </ui-field>
    <div class="rounded-lg border bg-sunken px-3 py-2" aria-live="polite">
      <p class="font-medium">What changes</p>
      @for (line of preview(); track line) {
        <p class="text-muted">{{ line }}</p>
      }
    </div>
  </ui-form-dialog>`,
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
    const { projectId, percent, reason } = this.model();
    const basisPoints = basisPointsIn(percent);
    if (basisPoints === undefined) return;
    await this.dialog.send(async () => {
      await this.api.send('put', '/v1/prices/markup', {
        body: { ...(projectId === '' ? {} : { projectId }), basisPoints, reason },
      });
      return true;
    });
  }
}
