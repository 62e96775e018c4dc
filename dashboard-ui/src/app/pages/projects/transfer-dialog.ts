import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, maxLength } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { exactUsd, nano, typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';

export interface TransferDialogData {
  readonly project: Schemas['Project'];
  readonly kind: 'deposit' | 'withdraw';
}

/** Closes with the new balance. */
@Component({
  selector: 'app-transfer-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="heading"
    [text]="text"
    [action]="deposits ? 'Deposit' : 'Withdraw'"
  >
    <ui-field label="Amount in US dollars" [hint]="free" [of]="f.amount">
      <input
        uiInput
        inputmode="decimal"
        autocomplete="off"
        placeholder="50.00"
        [formField]="f.amount"
      />
    </ui-field>
    <ui-field label="Reason" [optional]="true" hint="Kept in the ledger." [of]="f.reason">
      <input uiInput autocomplete="off" [formField]="f.reason" />
    </ui-field>
    @if (after(); as line) {
      <p class="text-muted tabular-nums">{{ line }}</p>
    }
  </ui-form-dialog>`,
})
export class TransferDialog {
  private readonly data = inject<TransferDialogData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['ProjectBalance']>();
  protected readonly deposits = this.data.kind === 'deposit';
  protected readonly heading = this.deposits
    ? `Deposit to ${this.data.project.name}`
    : `Withdraw from ${this.data.project.name}`;
  protected readonly text = this.deposits
    ? 'Agents of this project can lease it at once.'
    : 'Only money that is free can be taken out; what agents hold stays with them.';
  private readonly available = nano(this.data.project.balance.available);
  protected readonly free = `${exactUsd(this.available)} is free now.`;
  private readonly api = inject(Api);
  private readonly attempt = new Attempt();
  private readonly model = signal({ amount: '', reason: '' });
  protected readonly f = form(
    this.model,
    (path) => {
      moneyRule(path.amount, { most: () => (this.deposits ? undefined : this.available) });
      maxLength(path.reason, 200, { message: 'Use at most 200 characters.' });
    },
    { submission: { action: () => this.transfer() } },
  );
  protected readonly after = computed(() => {
    const wire = typedMoney(this.model().amount);
    if (wire === undefined || this.f.amount().invalid()) return undefined;
    const change = this.deposits ? nano(wire) : -nano(wire);
    const debt = nano(this.data.project.balance.debt);
    if (debt > 0n) return `The debt of ${exactUsd(debt)} is covered first.`;
    return `Free afterwards: ${exactUsd(this.available + change)}`;
  });

  private async transfer(): Promise<void> {
    const amount = typedMoney(this.model().amount);
    if (amount === undefined) return;
    const reason = this.model().reason.trim();
    const body: Schemas['TransferRequest'] = {
      requestId: this.attempt.requestId(amount, reason),
      amount,
      ...(reason ? { reason } : {}),
    };
    const path = { projectId: this.data.project.id };
    await this.dialog.send(() =>
      this.deposits
        ? this.api.send('post', '/v1/projects/{projectId}/deposits', { path, body })
        : this.api.send('post', '/v1/projects/{projectId}/withdrawals', { path, body }),
    );
  }
}
