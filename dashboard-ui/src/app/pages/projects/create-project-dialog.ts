import { Component, inject, signal } from '@angular/core';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';

/** Closes with the new project. */
@Component({
  selector: 'app-create-project-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog
      heading="Create a project"
      text="A project has its own balance, keys and rules. Give one to each agent or team that needs its own limit."
    >
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        <ui-field label="Name" hint="For example: Support assistant" [of]="f.name">
          <input uiInput autocomplete="off" [formField]="f.name" />
        </ui-field>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
          Create project
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class CreateProjectDialog {
  protected readonly ref = dialogRef<Schemas['Project']>();
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly model = signal({ name: '' });
  protected readonly f = form(
    this.model,
    (path) => nameRule(path.name, 'Enter a name for the project.'),
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    this.failed.set('');
    try {
      this.ref.close(await this.api.send('post', '/v1/projects', { body: this.model() }));
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
