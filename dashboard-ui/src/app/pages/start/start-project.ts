import { Component, inject, input, output, signal } from '@angular/core';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { moneyRule, nameRule } from '../../core/form-rules';
import { typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { UiButton, UiFailure, UiField, UiInput } from '../../ui';

/** Creates a project and deposits to it. When only the deposit fails, trying again does not create a second project. */
@Component({
  selector: 'app-start-project',
  imports: [FormField, FormRoot, UiButton, UiFailure, UiField, UiInput],
  template: `<form [formRoot]="f" class="grid gap-4">
    <ui-failure [text]="failed()" />
    <div class="grid gap-4 sm:grid-cols-2">
      @if (!existing()) {
        <ui-field label="Project name" hint="For example: Support assistant" [of]="f.name">
          <input uiInput autocomplete="off" [formField]="f.name" />
        </ui-field>
      }
      <ui-field
        label="First deposit in US dollars"
        hint="A limit, not a payment: no money leaves your account."
        [of]="f.amount"
      >
        <input uiInput inputmode="decimal" autocomplete="off" [formField]="f.amount" />
      </ui-field>
    </div>
    <div>
      <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
        {{ existing() ? 'Deposit' : 'Create project' }}
      </button>
    </div>
  </form>`,
})
export class StartProject {
  /** A project without money: only the deposit is missing. */
  readonly existing = input<Schemas['Project']>();
  /** The id of the project, as soon as there is one. */
  readonly funded = output<string>();
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly attempt = new Attempt();
  private createdId: string | undefined;
  private readonly model = signal({ name: '', amount: '20.00' });
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name for the project.');
      moneyRule(path.amount);
    },
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    this.failed.set('');
    const { name, amount: typed } = this.model();
    const amount = typedMoney(typed);
    if (amount === undefined) return;
    try {
      this.createdId ??=
        this.existing()?.id ?? (await this.api.send('post', '/v1/projects', { body: { name } })).id;
      await this.api.send('post', '/v1/projects/{projectId}/deposits', {
        path: { projectId: this.createdId },
        body: { requestId: this.attempt.requestId(amount, ''), amount, reason: 'First deposit' },
      });
      this.funded.emit(this.createdId);
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
