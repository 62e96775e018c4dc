import { Component, inject, signal } from '@angular/core';
import { form, FormField, FormRoot, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Session } from '../../session/session';
import { dialogRef, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote } from '../../ui';

/** Closes with what was destroyed. */
@Component({
  selector: 'app-shred-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog
      heading="Destroy all secrets?"
      text="The keys of this organization and everything that they encrypt are destroyed for good. Running agents lose their provider keys. Money and the ledger are not touched."
    >
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        <ui-field [label]="'Type ' + name + ' to confirm'" [of]="f.confirm">
          <input uiInput autocomplete="off" [formField]="f.confirm" />
        </ui-field>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="danger" type="submit" [disabled]="f().submitting()">
          <ui-icon name="trash-2" />Destroy for good
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class ShredDialog {
  protected readonly ref = dialogRef<Schemas['ShredAnswer']>();
  protected readonly failed = signal('');
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
    this.failed.set('');
    try {
      const body = this.model();
      this.ref.close(await this.api.send('post', '/v1/vault/shred', { body }));
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
