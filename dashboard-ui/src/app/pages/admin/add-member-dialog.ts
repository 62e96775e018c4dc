import { Component, computed, inject, signal } from '@angular/core';
import {
  email,
  form,
  FormField,
  FormRoot,
  maxLength,
  minLength,
  required,
} from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { nameRule } from '../../core/form-rules';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';
import { roleMeaning } from './roles';

/** Closes with the new member. */
@Component({
  selector: 'app-add-member-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog
      heading="Add a member"
      text="They sign in with this address and a first password that you tell them."
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
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="primary" type="submit" [disabled]="f().submitting()">
          Add member
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class AddMemberDialog {
  protected readonly ref = dialogRef<Schemas['Member']>();
  protected readonly failed = signal('');
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
    this.failed.set('');
    try {
      this.ref.close(await this.api.send('post', '/v1/members', { body: this.model() }));
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
