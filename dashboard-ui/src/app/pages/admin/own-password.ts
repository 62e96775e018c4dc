import { Component, inject, signal } from '@angular/core';
import { form, FormField, FormRoot, minLength, required } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api } from '../../api/client';
import { Notices } from '../../core/notices';
import { UiButton, UiFailure, UiField, UiInput, UiSection } from '../../ui';

const BLANK = { currentPassword: '', newPassword: '' };

@Component({
  selector: 'app-own-password',
  imports: [FormField, FormRoot, UiButton, UiFailure, UiField, UiInput, UiSection],
  template: `<ui-section heading="Your password">
    <form [formRoot]="f" class="grid gap-4 p-3 sm:p-4">
      <ui-failure [text]="failed()" />
      <div class="grid gap-4 sm:grid-cols-2">
        <ui-field label="Current password" [of]="f.currentPassword">
          <input
            uiInput
            type="password"
            autocomplete="current-password"
            [formField]="f.currentPassword"
          />
        </ui-field>
        <ui-field label="New password" hint="At least 12 characters." [of]="f.newPassword">
          <input uiInput type="password" autocomplete="new-password" [formField]="f.newPassword" />
        </ui-field>
      </div>
      <div class="flex flex-wrap items-center gap-3">
        <button uiButton type="submit" [disabled]="f().submitting()">Change password</button>
        <span class="text-xs text-muted">Ends all your other logins.</span>
      </div>
    </form>
  </ui-section>`,
})
export class OwnPassword {
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly notices = inject(Notices);
  private readonly model = signal({ ...BLANK });
  protected readonly f = form(
    this.model,
    (path) => {
      required(path.currentPassword, { message: 'Enter your current password.' });
      required(path.newPassword, { message: 'Choose a new password.' });
      minLength(path.newPassword, 12, { message: 'Use at least 12 characters.' });
    },
    { submission: { action: () => this.save() } },
  );

  private async save(): Promise<void> {
    this.failed.set('');
    try {
      await this.api.send('put', '/v1/auth/password', { body: this.model() });
      this.model.set({ ...BLANK });
      this.f().reset();
      this.notices.done('Your password is changed. Your other logins have ended.');
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
