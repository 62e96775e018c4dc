import { Component, inject, signal } from '@angular/core';
import { form, FormField, validate } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { Session } from '../../session/session';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';

/** Closes with what was destroyed. */
@Component({
  selector: 'app-shred-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    heading="Destroy all secrets?"
    text="The keys of this organization and everything that they encrypt are destroyed for good. Running agents lose their provider keys. Money and the ledger are not touched."
    action="Destroy for good"
    icon="trash-2"
    [danger]="true"
  >
    <ui-field [label]="'Type ' + name + ' to confirm'" [of]="f.confirm">
      <input uiInput autocomplete="off" [formField]="f.confirm" />
    </ui-field>
  </ui-form-dialog>`,
})
export class ShredDialog {
  protected readonly dialog = new DialogForm<Schemas['ShredAnswer']>();
  protected readonly name = inject(Session).organization()?.name ?? '';
  private readonly api = inject(Api);
  private readonly model = signal({ confirm: '' });
  protected readonly f = form(
    this.model,
    (path) =>
      validate(path.confirm, ({ value }) =>
        value() === this.name
          ? undefined
          : { kind: 'name', message: `Type the name exactly as it is: ${this.name}` },
      ),
    { submission: { action: () => this.shred() } },
  );

  private async shred(): Promise<void> {
    const body = this.model();
    await this.dialog.send(() => this.api.send('post', '/v1/vault/shred', { body }));
  }
}
