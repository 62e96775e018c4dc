import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot, maxLength } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';
import type { Ask } from './request-view';

export interface DeclineData {
  readonly ask: Ask;
  readonly who: string;
}

/** Closes with the declined request. */
@Component({
  selector: 'app-decline-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog [heading]="'Decline the request of ' + data.who + '?'" [text]="text">
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        <ui-field label="Note" [optional]="true" hint="Kept with the request." [of]="f.note">
          <input uiInput autocomplete="off" [formField]="f.note" />
        </ui-field>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="danger" type="submit" [disabled]="f().submitting()">
          Decline
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class DeclineDialog {
  protected readonly data = inject<DeclineData>(DIALOG_DATA);
  protected readonly ref = dialogRef<Ask>();
  protected readonly failed = signal('');
  protected readonly text = `${exactUsd(nano(this.data.ask.amount))} is not granted. It can be asked for again.`;
  private readonly api = inject(Api);
  private readonly model = signal({ note: '' });
  protected readonly f = form(
    this.model,
    (path) => maxLength(path.note, 200, { message: 'Use at most 200 characters.' }),
    { submission: { action: () => this.decline() } },
  );

  private async decline(): Promise<void> {
    this.failed.set('');
    const note = this.model().note.trim();
    try {
      this.ref.close(
        await this.api.send('post', '/v1/budget-requests/{askId}/decline', {
          path: { askId: this.data.ask.id },
          body: note ? { note } : {},
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
