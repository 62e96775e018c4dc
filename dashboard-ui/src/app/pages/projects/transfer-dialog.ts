import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot, maxLength } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { exactUsd, nano, typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';

export interface TransferDialogData {
  readonly project: Schemas['Project'];
  readonly kind: 'deposit' | 'withdraw';
}

/** Closes with the new balance. */
@Component({
  selector: 'app-transfer-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog [heading]="heading" [text]="text">
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
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
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
          {{ deposits ? 'Deposit' : 'Withdraw' }}
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class TransferDialog {
  private readonly data = inject<TransferDialogData>(DIALOG_DATA);
  protected readonly ref = dialogRef<Schemas['ProjectBalance']>();
  protected readonly deposits = this.data.kind === 'deposit';
  protected readonly heading = this.deposits
    ? `Deposit to ${this.data.project.name}`
    : `Withdraw from ${this.data.project.name}`;
  protected readonly text = this.deposits
    ? 'Agents of this project can lease it at once.'
    : 'Only money that is free can be taken out; what agents hold stays with them.';
  private readonly available = nano(this.data.project.balance.available);
  protected readonly free = `${exactUsd(this.available)} is free now.`;
  protected readonly failed = signal('');
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
    this.failed.set('');
    const amount = typedMoney(this.model().amount);
    if (amount === undefined) return;
    const reason = this.model().reason.trim();
    const body: Schemas['TransferRequest'] = {
      requestId: this.attempt.requestId(amount, reason),
      amount,
      ...(reason ? { reason } : {}),
    };
    const path = { projectId: this.data.project.id };
    try {
      this.ref.close(
        this.deposits
          ? await this.api.send('post', '/v1/projects/{projectId}/deposits', { path, body })
          : await this.api.send('post', '/v1/projects/{projectId}/withdrawals', { path, body }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
