import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { nameRule, signedMoneyRule } from '../../core/form-rules';
import { exactUsd, nano, typedSignedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { balanceAfter } from './project-view';

/** Closes with the new balance. */
@Component({
  selector: 'app-correct-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Correct the balance of ' + project.name"
    text="For what was booked wrong. The correction is an entry of its own; nothing that was booked is ever edited."
    action="Book correction"
  >
    <ui-field
      label="Amount in US dollars"
      hint="With a minus to take away, into debt if need be."
      [of]="f.amount"
    >
      <input uiInput autocomplete="off" placeholder="-12.50" [formField]="f.amount" />
    </ui-field>
    <ui-field label="Reason" hint="Kept in the ledger." [of]="f.reason">
      <input uiInput autocomplete="off" [formField]="f.reason" />
    </ui-field>
    @if (after(); as line) {
      <p class="text-muted tabular-nums">{{ line }}</p>
    }
  </ui-form-dialog>`,
})
export class CorrectDialog {
  protected readonly project = inject<Schemas['Project']>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['ProjectBalance']>();
  private readonly api = inject(Api);
  private readonly attempt = new Attempt();
  private readonly model = signal({ amount: '', reason: '' });
  protected readonly f = form(
    this.model,
    (path) => {
      signedMoneyRule(path.amount);
      nameRule(path.reason, 'Say what was wrong; it stays in the ledger.', 200);
    },
    { submission: { action: () => this.correct() } },
  );
  protected readonly after = computed(() => {
    const wire = typedSignedMoney(this.model().amount);
    if (wire === undefined || this.f.amount().invalid()) return undefined;
    const after = balanceAfter(this.project.balance, nano(wire));
    return after < 0n
      ? `In debt afterwards: ${exactUsd(-after)}`
      : `Free afterwards: ${exactUsd(after)}`;
  });

  private async correct(): Promise<void> {
    const amount = typedSignedMoney(this.model().amount);
    if (amount === undefined) return;
    const reason = this.model().reason.trim();
    await this.dialog.send(() =>
      this.api.send('post', '/v1/projects/{projectId}/corrections', {
        path: { projectId: this.project.id },
        body: { requestId: this.attempt.requestId(amount, reason), amount, reason },
      }),
    );
  }
}
