import { Component, inject, signal } from '@angular/core';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';

/** Closes with the new project. */
@Component({
  selector: 'app-create-project-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    heading="Create a project"
    text="A project has its own balance, keys and rules. Give one to each agent or team that needs its own limit."
    action="Create project"
  >
    <ui-field label="Name" hint="For example: Support assistant" [of]="f.name">
      <input uiInput autocomplete="off" [formField]="f.name" />
    </ui-field>
  </ui-form-dialog>`,
})
export class CreateProjectDialog {
  protected readonly dialog = new DialogForm<Schemas['Project']>();
  private readonly api = inject(Api);
  private readonly model = signal({ name: '' });
  protected readonly f = form(
    this.model,
    (path) => nameRule(path.name, 'Enter a name for the project.'),
    { submission: { action: () => this.create() } },
  );

  private async create(): Promise<void> {
    await this.dialog.send(() => this.api.send('post', '/v1/projects', { body: this.model() }));
  }
}
