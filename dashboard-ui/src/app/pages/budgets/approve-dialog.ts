import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, maxLength } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { editableUsd, exactUsd, nano, typedMoney } from '../../core/money';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { type Budget, nameOf } from './budget-view';
import type { Ask } from './request-view';
import { firstUntil, untilHint, untilInstant, untilRule } from './until-rule';

export interface ApproveData {
  readonly ask: Ask;
  readonly who: string;
  /** What is raised; without it, money is deposited, or the budget is not known here. */
  readonly budget?: Budget;
}

/** Closes with the amount that was granted. */
@Component({
  selector: 'app-approve-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Approve the request of ' + data.who + '?'"
    [text]="text"
    action="Approve"
  >
    <p class="break-words">“{{ data.ask.reason }}”</p>
    <ui-field label="Amount in US dollars" [hint]="asked" [of]="f.amount">
      <input uiInput inputmode="decimal" autocomplete="off" [formField]="f.amount" />
    </ui-field>
    @if (data.ask.budgetId !== null) {
      <ui-field
        label="Until"
        [optional]="data.budget?.nextResetAt !== null"
        [hint]="hint"
        [of]="f.until"
      >
        <input uiInput type="datetime-local" [formField]="f.until" />
      </ui-field>
    }
    <ui-field label="Note" [optional]="true" hint="Kept with the request." [of]="f.note">
      <input uiInput autocomplete="off" [formField]="f.note" />
    </ui-field>
  </ui-form-dialog>`,
})
export class ApproveDialog {
  protected readonly data = inject<ApproveData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<string>();
  private readonly wanted = nano(this.data.ask.amount);
  protected readonly asked = `${exactUsd(this.wanted)} was asked for.`;
  protected readonly text = textOf(this.data);
  private readonly window = this.data.budget?.window;
  protected readonly hint = this.data.budget
    ? untilHint(this.data.budget.nextResetAt, Date.now())
    : 'Left empty: until the budget starts anew.';
  private readonly api = inject(Api);
  private readonly model = signal({
    amount: editableUsd(this.wanted),
    until: firstUntil(this.window, Date.now()),
    note: '',
  });
  protected readonly f = form(
    this.model,
    (path) => {
      moneyRule(path.amount);
      untilRule(path.until, this.window ?? 'day');
      maxLength(path.note, 200, { message: 'Use at most 200 characters.' });
    },
    { submission: { action: () => this.approve() } },
  );

  private async approve(): Promise<void> {
    const amount = typedMoney(this.model().amount);
    if (amount === undefined) return;
    const endsAt = untilInstant(this.model().until);
    const note = this.model().note.trim();
    await this.dialog.send(async () => {
      await this.api.send('post', '/v1/budget-requests/{askId}/approve', {
        path: { askId: this.data.ask.id },
        body: {
          amount,
          ...(endsAt === undefined ? {} : { endsAt }),
          ...(note ? { note } : {}),
        },
      });
      return amount;
    });
  }
}

function textOf({ ask, budget }: ApproveData): string {
  if (ask.budgetId === null) return `The amount is deposited to ${ask.projectName} at once.`;
  return budget
    ? `The amount raises the budget of ${nameOf(budget)}, at once.`
    : 'The amount raises the budget at once.';
}
