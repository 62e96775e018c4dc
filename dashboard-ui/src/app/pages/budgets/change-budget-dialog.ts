import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { editableUsd, exactUsd, nano, typedMoney } from '../../core/money';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';
import { type Budget, nameOf } from './budget-view';
import { modelsRule, namesAsText, namesIn, tagsRule } from './names-rule';

/** Closes with the changed budget. */
@Component({
  selector: 'app-change-budget-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog [heading]="'Change the budget of ' + name" [text]="held">
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        <ui-field label="Limit in US dollars" [hint]="raises" [of]="f.limit">
          <input uiInput inputmode="decimal" autocomplete="off" [formField]="f.limit" />
        </ui-field>
        @if (tooLow()) {
          <p uiNote="warn">
            <ui-icon name="triangle-alert" class="mt-0.5" />That is less than what is spent and
            leased. Nothing that is leased is taken back, but no new lease is granted until the
            budget starts anew.
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
        <ui-field
          label="Only these tags"
          [optional]="true"
          hint="Separated by commas."
          [of]="f.tags"
        >
          <input uiInput autocomplete="off" [formField]="f.tags" />
        </ui-field>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
          Save budget
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class ChangeBudgetDialog {
  private readonly budget = inject<Budget>(DIALOG_DATA);
  protected readonly ref = dialogRef<Budget>();
  protected readonly failed = signal('');
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
    this.failed.set('');
    const body = this.change();
    if (Object.keys(body).length === 0) {
      this.ref.close();
      return;
    }
    try {
      this.ref.close(
        await this.api.send('patch', '/v1/budgets/{budgetId}', {
          path: { budgetId: this.budget.id },
          body,
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
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
