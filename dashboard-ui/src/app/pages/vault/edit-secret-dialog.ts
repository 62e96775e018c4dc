import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { apply, form, FormField, FormRoot, required, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { dialogRef, UiButton, UiDialog, UiFailure, UiField, UiInput } from '../../ui';
import { hostsProblem, problem, typedHosts } from './secret-fields';
import { secretTerms, shownTerms, typedTerms } from './secret-terms';
import { SecretTermsFields } from './secret-terms-fields';

/** Changes where a secret may be sent, and how. Closes with the secret. */
@Component({
  selector: 'app-edit-secret-dialog',
  imports: [
    FormField,
    FormRoot,
    SecretTermsFields,
    UiButton,
    UiDialog,
    UiFailure,
    UiField,
    UiInput,
  ],
  template: `<form [formRoot]="f">
    <ui-dialog
      [heading]="'Edit ' + secret.name"
      text="Running agents fetch it again within seconds. Its value, its project and its environment stay as they are."
    >
      <div class="mt-4 grid gap-4">
        <ui-failure [text]="failed()" />
        <ui-field label="Name" [of]="f.name">
          <input uiInput autocomplete="off" [formField]="f.name" />
        </ui-field>
        <ui-field label="Hosts" hint="The key is only ever sent to these hosts." [of]="f.hosts">
          <input
            uiInput
            autocomplete="off"
            spellcheck="false"
            placeholder="llm.example.com"
            [formField]="f.hosts"
          />
        </ui-field>
        <app-secret-terms-fields [of]="f.terms" />
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">Save</button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class EditSecretDialog {
  protected readonly secret = inject<Schemas['Secret']>(DIALOG_DATA);
  protected readonly ref = dialogRef<Schemas['Secret']>();
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly model = signal({
    name: this.secret.name,
    hosts: this.secret.hosts.join(', '),
    terms: shownTerms(this.secret),
  });
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name for the secret.');
      required(path.hosts, { message: 'Enter the host that the key may be sent to.' });
      validate(path.hosts, ({ value }) => problem(hostsProblem(value())));
      apply(path.terms, secretTerms);
    },
    { submission: { action: () => this.save() } },
  );

  private async save(): Promise<void> {
    this.failed.set('');
    const { name, hosts, terms } = this.model();
    try {
      this.ref.close(
        await this.api.send('patch', '/v1/secrets/{secretId}', {
          path: { secretId: this.secret.id },
          body: { name, hosts: typedHosts(hosts), ...typedTerms(terms) },
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
