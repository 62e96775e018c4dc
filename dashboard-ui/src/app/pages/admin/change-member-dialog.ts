import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Session } from '../../session/session';
import { dialogRef, UiButton, UiDialog, UiFailure, UiField, UiIcon, UiInput } from '../../ui';
import { roleMeaning } from './roles';

type Member = Schemas['Member'];

/** Closes with the sentence that says what was done. */
@Component({
  selector: 'app-change-member-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiFailure, UiField, UiIcon, UiInput],
  template: `<form [formRoot]="f">
    <ui-dialog [heading]="member.name" [text]="member.email">
      <div class="mt-4 grid gap-4">
        <ui-failure [text]="failed()" />
        <ui-field label="Role" [hint]="roleHint()">
          <select uiInput [formField]="f.role">
            @for (role of roles; track role) {
              <option [value]="role">{{ role }}</option>
            }
          </select>
        </ui-field>
        <div class="flex flex-wrap gap-2 border-t pt-4">
          <button uiButton type="button" [disabled]="busy()" (click)="toggle()">
            {{ member.state === 'disabled' ? 'Enable' : 'Disable' }}
          </button>
          <button uiButton type="button" [disabled]="busy()" (click)="remove()">
            <ui-icon name="trash-2" />{{ sure() ? 'Really remove' : 'Remove' }}
          </button>
        </div>
        <p class="text-xs text-muted">
          Both end their logins at once. Keys that they made stay valid until they are revoked.
        </p>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button
          uiButton
          variant="primary"
          type="submit"
          [disabled]="busy() || model().role === member.role"
        >
          Save role
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class ChangeMemberDialog {
  protected readonly member = inject<Member>(DIALOG_DATA);
  protected readonly ref = dialogRef<string>();
  protected readonly failed = signal('');
  protected readonly busy = signal(false);
  protected readonly sure = signal(false);
  private readonly api = inject(Api);
  protected readonly roles: readonly Member['role'][] =
    inject(Session).role() === 'owner'
      ? ['owner', 'admin', 'developer', 'viewer']
      : ['admin', 'developer', 'viewer'];
  protected readonly model = signal({ role: this.member.role });
  protected readonly roleHint = computed(() => `May ${roleMeaning[this.model().role]}.`);
  protected readonly f = form(this.model, { submission: { action: () => this.saveRole() } });

  private saveRole(): Promise<void> {
    const { role } = this.model();
    return this.run(() => this.update({ role }), `${this.member.name} is ${role} now.`);
  }

  protected toggle(): Promise<void> {
    const disabled = this.member.state !== 'disabled';
    const done = disabled ? 'is disabled.' : 'may sign in again.';
    return this.run(() => this.update({ disabled }), `${this.member.name} ${done}`);
  }

  protected async remove(): Promise<void> {
    if (!this.sure()) {
      this.sure.set(true);
      return;
    }
    const path = { userId: this.member.userId };
    await this.run(
      () => this.api.send('delete', '/v1/members/{userId}', { path }),
      `${this.member.name} is no member any more.`,
    );
  }

  private update(body: Schemas['MemberChange']): Promise<unknown> {
    const path = { userId: this.member.userId };
    return this.api.send('patch', '/v1/members/{userId}', { path, body });
  }

  private async run(work: () => Promise<unknown>, done: string): Promise<void> {
    this.busy.set(true);
    this.failed.set('');
    try {
      await work();
      this.ref.close(done);
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    } finally {
      this.busy.set(false);
    }
  }
}
