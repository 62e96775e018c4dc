import { Component, inject, input, output, signal } from '@angular/core';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Attempt } from '../../core/attempt';
import { makeKey } from '../keys/make-key';
import { nameRule } from '../../core/form-rules';
import { UiButton, UiFailure, UiField, UiInput } from '../../ui';

@Component({
  selector: 'app-start-key',
  imports: [FormField, FormRoot, UiButton, UiFailure, UiField, UiInput],
  template: `<form [formRoot]="f" class="grid gap-4">
    <ui-failure [text]="failed()" />
    <ui-field
      class="sm:w-1/2"
      label="Key name"
      hint="Who or what uses it, for example: nightly-report"
      [of]="f.name"
    >
      <input uiInput autocomplete="off" [formField]="f.name" />
    </ui-field>
    <div>
      <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
        Create key
      </button>
    </div>
  </form>`,
})
export class StartKey {
  readonly projectId = input.required<string>();
  readonly created = output<Schemas['CreatedKey']>();
  protected readonly failed = signal('');
  private readonly attempt = new Attempt();
  private readonly api = inject(Api);
  private readonly model = signal({ name: 'first-agent' });
  protected readonly f = form(
    this.model,
    (path) => nameRule(path.name, 'Enter a name for the key.'),
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    this.failed.set('');
    try {
      const { name } = this.model();
      const requestId = this.attempt.requestId(this.projectId(), name);
      const wanted = { name, environment: 'dev' as const, requestId };
      this.created.emit(await makeKey(this.api, this.projectId(), wanted));
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
