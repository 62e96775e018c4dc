import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot, required, validate } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';
import {
  headerProblem,
  hostsProblem,
  pathsProblem,
  shownHeader,
  typedHeader,
  typedHosts,
} from './secret-fields';

const problem = (message: string | undefined) =>
  message === undefined ? undefined : { kind: 'secret', message };

/** Changes where a secret may be sent, and how. Closes with the secret. */
@Component({
  selector: 'app-edit-secret-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog
      [heading]="'Edit ' + secret.name"
      text="Running agents fetch it again within seconds. Its value, its project and its environment stay as they are."
    >
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
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
        <ui-field
          label="Paths"
          [optional]="true"
          hint="The key is only sent to what begins with one of these."
          [of]="f.paths"
        >
          <input
            uiInput
            autocomplete="off"
            spellcheck="false"
            placeholder="/v1/"
            [formField]="f.paths"
          />
        </ui-field>
        <ui-field
          label="Header"
          [optional]="true"
          hint="Set on every request to these places; {secret} stands for the value."
          [of]="f.header"
        >
          <input
            uiInput
            class="font-mono"
            autocomplete="off"
            spellcheck="false"
            placeholder="x-api-key: {secret}"
            [formField]="f.header"
          />
        </ui-field>
        <ui-field label="Requests to it" [of]="f.metered">
          <select uiInput [formField]="f.metered">
            <option value="yes">Call models: metered and paid for</option>
            <option value="no">Cost nothing here: any other HTTP API</option>
          </select>
        </ui-field>
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
    paths: this.secret.paths.join(', '),
    header: shownHeader(this.secret.header),
    metered: this.secret.metered ? 'yes' : 'no',
  });
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name for the secret.');
      required(path.hosts, { message: 'Enter the host that the key may be sent to.' });
      validate(path.hosts, ({ value }) => problem(hostsProblem(value())));
      validate(path.paths, ({ value }) => problem(pathsProblem(value())));
      validate(path.header, ({ value }) => problem(headerProblem(value())));
    },
    { submission: { action: () => this.save() } },
  );

  private async save(): Promise<void> {
    this.failed.set('');
    const { name, hosts, paths, header, metered } = this.model();
    try {
      this.ref.close(
        await this.api.send('patch', '/v1/secrets/{secretId}', {
          path: { secretId: this.secret.id },
          body: {
            name,
            hosts: typedHosts(hosts),
            paths: typedHosts(paths),
            header: typedHeader(header) ?? null,
            metered: metered === 'yes',
          },
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
