import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { applyEach, form, FormField, required, validate } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { blankFields, fieldValueProblem, filledFields } from './secret-fields';

/** Stores a new version. Closes with the secret. */
@Component({
  selector: 'app-rotate-secret-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Rotate ' + secret.name"
    text="The new value is handed out at once, and running agents fetch it within seconds. Withdraw the old one at the provider when its version is marked as safe to delete."
    action="Store new version"
  >
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
  </ui-form-dialog>`,
})
export class RotateSecretDialog {
  protected readonly secret = inject<Schemas['Secret']>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['Secret']>();
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
    await this.dialog.send(() =>
      this.api.send('post', '/v1/secrets/{secretId}/versions', {
        path: { secretId: this.secret.id },
        body: { fields: filledFields(this.model().fields) },
      }),
    );
  }
}
