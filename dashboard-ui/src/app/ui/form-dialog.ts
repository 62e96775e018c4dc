import { Component, input, signal } from '@angular/core';
import { type FieldTree, FormRoot } from '@angular/forms/signals';
import { apiError } from '../api/api-error';
import { UiButton } from './button';
import { dialogRef, UiDialog } from './dialog';
import { UiFailure } from './failure';
import { UiIcon } from './icon';
import type { IconName } from './icons.gen';

/** What a form in a dialog does when it is sent: it closes with the answer, or stays and says why not. */
export class DialogForm<Result> {
  readonly ref = dialogRef<Result>();
  readonly failed = signal('');

  send(request: () => Promise<Result>): Promise<void> {
    return this.attempt(async () => this.ref.close(await request()));
  }

  /** As {@link send}, without closing. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    this.failed.set('');
    try {
      await work();
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}

/** Frame of every dialog with a form: heading, why it failed, the fields, Cancel and the action. */
@Component({
  selector: 'ui-form-dialog',
  imports: [FormRoot, UiButton, UiDialog, UiFailure, UiIcon],
  template: `<form [formRoot]="of()">
    <ui-dialog [heading]="heading()" [text]="text()">
      <div class="mt-4 grid gap-4">
        <ui-failure [text]="dialog().failed()" />
        <ng-content />
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="dialog().ref.close()">Cancel</button>
        <button
          uiButton
          type="submit"
          [variant]="danger() ? 'danger' : 'primary'"
          [disabled]="of()().submitting()"
        >
          @if (icon(); as name) {
            <ui-icon [name]="name" />
          }
          {{ action() }}
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class UiFormDialog<Model, Result> {
  readonly of = input.required<FieldTree<Model>>();
  readonly dialog = input.required<DialogForm<Result>>();
  readonly heading = input.required<string>();
  readonly text = input('');
  /** What the submit button says: a verb and what it is about. */
  readonly action = input.required<string>();
  readonly icon = input<IconName>();
  readonly danger = input(false);
}
