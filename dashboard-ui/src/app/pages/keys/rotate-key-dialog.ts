import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { Attempt } from '../../core/attempt';
import { wholeNumberRule } from '../../core/form-rules';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { NewSecret } from './new-secret';

const OVERLAPS = [
  { minutes: '0', label: 'Not at all: agents that hold it stop' },
  { minutes: '60', label: 'One hour' },
  { minutes: '1440', label: 'One day' },
  { minutes: '10080', label: 'One week' },
] as const;

/** Closes with the key after its new secret was shown, once. */
@Component({
  selector: 'app-rotate-key-dialog',
  imports: [FormField, NewSecret, UiField, UiFormDialog, UiInput],
  template: `@if (rotated(); as answer) {
      <app-new-secret
        heading="Copy the new key now"
        [answer]="answer"
        (stored)="dialog.ref.close(answer.key)"
      />
    } @else {
      <ui-form-dialog
        [of]="f"
        [dialog]="dialog"
        [heading]="'Rotate ' + key.name"
        text="It gets a new secret. Its limits, its budget and its history stay."
        action="Rotate key"
      >
        <ui-field label="The old secret still works for" [of]="f.overlap">
          <select uiInput [formField]="f.overlap">
            @for (overlap of overlaps; track overlap.minutes) {
              <option [value]="overlap.minutes">{{ overlap.label }}</option>
            }
          </select>
        </ui-field>
        <ui-field label="Expires after, in days" [of]="f.expiresInDays">
          <input uiInput inputmode="numeric" autocomplete="off" [formField]="f.expiresInDays" />
        </ui-field>
      </ui-form-dialog>
    }`,
})
export class RotateKeyDialog {
  protected readonly key = inject<Schemas['Key']>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['Key']>();
  protected readonly overlaps = OVERLAPS;
  protected readonly rotated = signal<Schemas['CreatedKey'] | undefined>(undefined);
  private readonly api = inject(Api);
  private readonly tries = new Attempt();
  private readonly model = signal({ overlap: '60', expiresInDays: '90' });
  protected readonly f = form(this.model, (path) => wholeNumberRule(path.expiresInDays, 1, 3650), {
    submission: { action: () => this.rotate() },
  });

  private async rotate(): Promise<void> {
    const { overlap, expiresInDays } = this.model();
    const wanted = { overlapMinutes: Number(overlap), expiresInDays: Number(expiresInDays) };
    await this.dialog.attempt(async () => {
      const requestId = this.tries.requestId(this.key.id, JSON.stringify(wanted));
      const rotated = await this.api.send('post', '/v1/keys/{keyId}/rotation', {
        path: { keyId: this.key.id },
        body: { ...wanted, requestId },
      });
      // From here on a click beside the dialog must not lose the only copy.
      this.dialog.ref.disableClose = true;
      this.rotated.set(rotated);
    });
  }
}
