import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, maxLength } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import type { Ask } from './request-view';

export interface DeclineData {
  readonly ask: Ask;
  readonly who: string;
}

/** Closes with the declined request. */
@Component({
  selector: 'app-decline-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Decline the request of ' + data.who + '?'"
    [text]="text"
    action="Decline"
    [danger]="true"
  >
    <ui-field label="Note" [optional]="true" hint="Kept with the request." [of]="f.note">
      <input uiInput autocomplete="off" [formField]="f.note" />
    </ui-field>
  </ui-form-dialog>`,
})
export class DeclineDialog {
  protected readonly data = inject<DeclineData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Ask>();
  protected readonly text = `${exactUsd(nano(this.data.ask.amount))} is not granted. It can be asked for again.`;
  private readonly api = inject(Api);
  private readonly model = signal({ note: '' });
  protected readonly f = form(
    this.model,
    (path) => maxLength(path.note, 200, { message: 'Use at most 200 characters.' }),
    { submission: { action: () => this.decline() } },
  );

  private async decline(): Promise<void> {
    const note = this.model().note.trim();
    await this.dialog.send(() =>
      this.api.send('post', '/v1/budget-requests/{askId}/decline', {
        path: { askId: this.data.ask.id },
        body: note ? { note } : {},
      }),
    );
  }
}
