import { Component, computed, inject, signal } from '@angular/core';
import { email, form, FormField, maxLength, minLength, required } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import { roleMeaning } from './roles';

/** Closes with the new member. */
@Component({
  selector: 'app-add-member-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    heading="Add a member"
    text="They sign in with this address and a first password that you tell them."
    action="Add member"
  >
    <ui-field label="Name" [of]="f.name">
      <input uiInput autocomplete="off" [formField]="f.name" />
    </ui-field>
    <ui-field label="E-mail" [of]="f.email">
      <input uiInput type="email" autocomplete="off" [formField]="f.email" />
    </ui-field>
    <ui-field label="Role" [hint]="roleHint()">
      <select uiInput [formField]="f.role">
        <option value="developer">developer</option>
        <option value="admin">admin</option>
        <option value="viewer">viewer</option>
      </select>
    </ui-field>
    <ui-field label="First password" hint="At least 12 characters." [of]="f.password">
      <input uiInput type="password" autocomplete="new-password" [formField]="f.password" />
    </ui-field>
  </ui-form-dialog>`,
})
export class AddMemberDialog {
  protected readonly dialog = new DialogForm<Schemas['Member']>();
  private readonly api = inject(Api);
  private readonly model = signal<Schemas['MemberRequest']>({
    name: '',
    email: '',
    role: 'developer',
    password: '',
  });
  protected readonly roleHint = computed(() => `May ${roleMeaning[this.model().role]}.`);
  protected readonly f = form(
    this.model,
    (path) => {
      nameRule(path.name, 'Enter a name.');
      required(path.email, { message: 'Enter an e-mail address.' });
      email(path.email, { message: 'Enter an address like name@company.com.' });
      required(path.password, { message: 'Choose a first password.' });
      minLength(path.password, 12, { message: 'Use at least 12 characters.' });
      maxLength(path.password, 256, { message: 'Use at most 256 characters.' });
    },
    { submission: { action: () => this.add() } },
  );

  private async add(): Promise<void> {
    await this.dialog.send(() => this.api.send('post', '/v1/members', { body: this.model() }));
  }
}
