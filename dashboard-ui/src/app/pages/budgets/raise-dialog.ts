import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { moneyRule, nameRule } from '../../core/form-rules';
import { exactUsd, nano, typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { type Budget, nameOf, wholeOf } from './budget-view';
import { firstUntil, untilHint, untilInstant, untilRule } from './until-rule';

/** Closes with the raised budget. */
@Component({
  selector: 'app-raise-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Raise ' + name"
    text="The limit goes up at once, and by itself down again when the raise ends."
    action="Raise budget"
  >
    <ui-field label="Amount in US dollars" [hint]="now" [of]="f.amount">
      <input
        uiInput
        inputmode="decimal"
        autocomplete="off"
        placeholder="20.00"
        [formField]="f.amount"
      />
    </ui-field>
    <ui-field label="Until" [optional]="budget.nextResetAt !== null" [hint]="hint" [of]="f.until">
      <input uiInput type="datetime-local" [formField]="f.until" />
    </ui-field>
    <ui-field label="Reason" hint="Kept in the audit log." [of]="f.reason">
      <input uiInput autocomplete="off" placeholder="Launch week" [formField]="f.reason" />
    </ui-field>
    @if (after(); as line) {
      <p class="text-muted tabular-nums">{{ line }}</p>
    }
  </ui-form-dialog>`,
})
export class RaiseDialog {
  protected readonly budget = inject<Budget>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Budget>();
  protected readonly name = nameOf(this.budget);
  private readonly whole = wholeOf(this.budget);
  protected readonly now = `The limit is ${exactUsd(this.whole)} now.`;
  protected readonly hint = untilHint(this.budget.nextResetAt, Date.now());
  private readonly api = inject(Api);
  private readonly attempt = new Attempt();
  private readonly model = signal({
    amount: '',
    until: firstUntil(this.budget.window, Date.now()),
    reason: '',
  });
  protected readonly f = form(
    this.model,
    (path) => {
      moneyRule(path.amount);
      untilRule(path.until, this.budget.window);
      nameRule(path.reason, 'Say why; others will ask.', 200);
    },
    { submission: { action: () => this.raise() } },
  );
  protected readonly after = computed(() => {
    const amount = typedMoney(this.model().amount);
    return amount === undefined || this.f.amount().invalid()
      ? undefined
      : `Limit afterwards: ${exactUsd(this.whole + nano(amount))}`;
  });

  private async raise(): Promise<void> {
    const { until, reason } = this.model();
    const amount = typedMoney(this.model().amount);
    if (amount === undefined) return;
    const endsAt = untilInstant(until);
    await this.dialog.send(() =>
      this.api.send('post', '/v1/budgets/{budgetId}/raises', {
        path: { budgetId: this.budget.id },
        body: {
          requestId: this.attempt.requestId(amount, until, reason.trim()),
          amount,
          reason: reason.trim(),
          ...(endsAt === undefined ? {} : { endsAt }),
        },
      }),
    );
  }
}
