import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { applyEach, form, FormField, FormRoot, required, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';
import { blankFields, fieldValueProblem, filledFields } from './secret-fields';

/** Stores a new version. Closes with the secret. */
@Component({
  selector: 'app-rotate-secret-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog
      [heading]="'Rotate ' + secret.name"
      text="The new value is handed out at once, and running agents fetch it within seconds. Withdraw the old one at the provider when its version is marked as safe to delete."
    >
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        @for (field of f.fields; track $index) {
          <ui-field [label]="field.name().value()" [of]="field.value">
            <input
              uiInput
              type="password"
              class="font-mono"
              autocomplete="off"
              spellcheck="false"
              [formField]="field.value"
            />
          </ui-field>
        }
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
          Store new version
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class RotateSecretDialog {
  protected readonly secret = inject<Schemas['Secret']>(DIALOG_DATA);
  protected readonly ref = dialogRef<Schemas['Secret']>();
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly model = signal({
    fields: blankFields(this.secret.fields.map(({ name }) => name)),
  });
  protected readonly f = form(
    this.model,
    (path) =>
      applyEach(path.fields, (field) => {
        required(field.value, { message: 'Enter the new value.' });
        validate(field.value, ({ value }) => {
          const message = fieldValueProblem(value());
          return message === undefined ? undefined : { kind: 'secret', message };
        });
      }),
    { submission: { action: () => this.rotate() } },
  );

  private async rotate(): Promise<void> {
    this.failed.set('');
    try {
      this.ref.close(
        await this.api.send('post', '/v1/secrets/{secretId}/versions', {
          path: { secretId: this.secret.id },
          body: { fields: filledFields(this.model().fields) },
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
