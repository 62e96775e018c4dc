import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, required } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { Attempt } from '../../core/attempt';
import { nameRule, wholeNumberRule } from '../../core/form-rules';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { KeyLimitFields } from './key-limit-fields';
import { keyLimitRules, limitsOf, NO_LIMITS } from './key-limits';
import { makeKey } from './make-key';
import { NewSecret } from './new-secret';

export interface CreateKeyData {
  /** The project that the key is for; without it, the dialog asks. */
  readonly projectId?: string;
}

/** Closes with the key after it was shown, once. */
@Component({
  selector: 'app-create-key-dialog',
  imports: [FormField, KeyLimitFields, NewSecret, ProjectSelect, UiField, UiFormDialog, UiInput],
  template: `@if (created(); as answer) {
      <app-new-secret
        heading="Copy the key now"
        [answer]="answer"
        (stored)="dialog.ref.close(answer.key)"
      />
    } @else {
      <ui-form-dialog
        [of]="f"
        [dialog]="dialog"
        heading="Create an Iron Cage key"
        text="An agent holds it instead of a provider key. It is shown once."
        action="Create key"
      >
        <ui-field
          label="Name"
          hint="Who or what uses it, for example: nightly-report"
          [of]="f.name"
        >
          <input uiInput autocomplete="off" [formField]="f.name" />
        </ui-field>
        @if (!data.projectId) {
          <ui-field label="Project" [of]="f.projectId">
            <app-project-select [formField]="f.projectId" />
          </ui-field>
        }
        <div class="grid gap-4 sm:grid-cols-2">
          <ui-field label="Environment" hint="Part of the key's text: ic_dev_… or ic_live_…">
            <select uiInput [formField]="f.environment">
              <option value="dev">dev</option>
              <option value="live">live</option>
            </select>
          </ui-field>
          <ui-field label="Expires after, in days" [of]="f.expiresInDays">
            <input uiInput inputmode="numeric" autocomplete="off" [formField]="f.expiresInDays" />
          </ui-field>
        </div>
        <app-key-limit-fields [of]="f.limits" />
      </ui-form-dialog>
    }`,
})
export class CreateKeyDialog {
  protected readonly data = inject<CreateKeyData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['Key']>();
  protected readonly created = signal<Schemas['CreatedKey'] | undefined>(undefined);
  private readonly tries = new Attempt();
  private readonly api = inject(Api);
  private readonly model = signal({
    name: '',
    projectId: this.data.projectId ?? '',
    environment: 'dev',
    expiresInDays: '90',
    limits: NO_LIMITS,
  });
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name for the key.');
      required(path.projectId, { message: 'Choose the project that the key borrows from.' });
      wholeNumberRule(path.expiresInDays, 1, 3650);
      keyLimitRules(path.limits);
    },
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    const { name, projectId, environment, expiresInDays, limits } = this.model();
    await this.dialog.attempt(async () => {
      const wanted = {
        name,
        environment: environment === 'live' ? ('live' as const) : ('dev' as const),
        expiresInDays: Number(expiresInDays),
        ...limitsOf(limits),
      };
      const requestId = this.tries.requestId(projectId, JSON.stringify(wanted));
      const created = await makeKey(this.api, projectId, { ...wanted, requestId });
      // From here on a click beside the dialog must not lose the only copy.
      this.dialog.ref.disableClose = true;
      this.created.set(created);
    });
  }
}
