import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { editableUsd, exactUsd, nano, typedMoney } from '../../core/money';
import { DialogForm, UiField, UiFormDialog, UiIcon, UiInput, UiNote } from '../../ui';
import { type Budget, nameOf } from './budget-view';
import { modelsRule, namesAsText, namesIn, tagsRule } from './names-rule';

/** Closes with the changed budget. */
@Component({
  selector: 'app-change-budget-dialog',
  imports: [FormField, UiField, UiFormDialog, UiIcon, UiInput, UiNote],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Change the budget of ' + name"
    [text]="held"
    action="Save budget"
  >
    <ui-field label="Limit in US dollars" [hint]="raises" [of]="f.limit">
      <input uiInput inputmode="decimal" autocomplete="off" [formField]="f.limit" />
    </ui-field>
    @if (tooLow()) {
      <p uiNote="warn">
        <ui-icon name="triangle-alert" class="mt-0.5" />That is less than what is spent and leased.
        Nothing that is leased is taken back, but no new lease is granted until the budget starts
        anew.
      </p>
    }
    <ui-field
      label="Only these models"
      [optional]="true"
      hint="Separated by commas; * stands for any characters."
      [of]="f.models"
    >
      <input uiInput autocomplete="off" [formField]="f.models" />
    </ui-field>
    <ui-field label="Only these tags" [optional]="true" hint="Separated by commas." [of]="f.tags">
      <input uiInput autocomplete="off" [formField]="f.tags" />
    </ui-field>
  </ui-form-dialog>`,
})
export class ChangeBudgetDialog {
  private readonly budget = inject<Budget>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Budget>();
  protected readonly name = nameOf(this.budget);
  protected readonly held = `${exactUsd(nano(this.budget.spent))} is spent and ${exactUsd(nano(this.budget.leased))} leased in the current window.`;
  private readonly raised = nano(this.budget.raised);
  protected readonly raises =
    this.raised > 0n ? `Raises add ${exactUsd(this.raised)} to it for now.` : '';
  private readonly api = inject(Api);
  private readonly before = {
    limit: editableUsd(nano(this.budget.limit)),
    models: namesAsText(this.budget.models),
    tags: namesAsText(this.budget.tags),
  };
  private readonly model = signal(this.before);
  protected readonly f = form(
    this.model,
    (path) => {
      moneyRule(path.limit, { zero: true });
      modelsRule(path.models);
      tagsRule(path.tags);
    },
    { submission: { action: () => this.save() } },
  );
  protected readonly tooLow = computed(() => {
    const limit = typedMoney(this.model().limit);
    const committed = nano(this.budget.spent) + nano(this.budget.leased);
    return limit !== undefined && nano(limit) + this.raised < committed;
  });

  private async save(): Promise<void> {
    const body = this.change();
    if (Object.keys(body).length === 0) {
      this.dialog.ref.close();
      return;
    }
    await this.dialog.send(() =>
      this.api.send('patch', '/v1/budgets/{budgetId}', {
        path: { budgetId: this.budget.id },
        body,
      }),
    );
  }

  /** Only what was changed, so that two people editing different fields do not undo each other. */
  private change(): Schemas['BudgetChange'] {
    const { limit, models, tags } = this.model();
    const typed = typedMoney(limit);
    return {
      ...(limit !== this.before.limit && typed !== undefined ? { limit: typed } : {}),
      ...(models === this.before.models ? {} : { models: namesIn(models) }),
      ...(tags === this.before.tags ? {} : { tags: namesIn(tags) }),
    };
  }
}
