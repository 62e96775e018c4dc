import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { apiError } from '../api/api-error';
import { UiButton } from './button';
import { dialogRef, UiDialog } from './dialog';
import { UiFailure } from './failure';

export interface ConfirmData {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly danger: boolean;
  /** Runs while the dialog is open, so that a refusal is shown where the decision was made. */
  readonly run: () => Promise<unknown>;
}

/** Closes with `true` after the action was done. */
@Component({
  selector: 'ui-confirm-dialog',
  imports: [UiButton, UiDialog, UiFailure],
  template: `<ui-dialog [heading]="data.title" [text]="data.text">
    <ui-failure class="mt-4" [text]="failed()" />
    <ng-container dialogActions>
      <button uiButton type="button" (click)="ref.close(false)">Cancel</button>
      <button
        uiButton
        type="button"
        [variant]="data.danger ? 'danger' : 'primary'"
        [disabled]="busy()"
        (click)="confirm()"
      >
        {{ data.action }}
      </button>
    </ng-container>
  </ui-dialog>`,
})
export class ConfirmDialog {
  protected readonly data = inject<ConfirmData>(DIALOG_DATA);
  protected readonly ref = dialogRef<boolean>();
  protected readonly busy = signal(false);
  protected readonly failed = signal('');

  protected async confirm(): Promise<void> {
    this.busy.set(true);
    this.failed.set('');
    try {
      await this.data.run();
      this.ref.close(true);
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    } finally {
      this.busy.set(false);
    }
  }
}
