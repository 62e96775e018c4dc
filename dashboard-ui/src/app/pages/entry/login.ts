import { Component, inject, input, signal } from '@angular/core';
import { email, form, FormField, FormRoot, required } from '@angular/forms/signals';
import { Router } from '@angular/router';
import { apiError } from '../../api/api-error';
import { Session } from '../../session/session';
import { UiButton, UiFailure, UiField, UiInput } from '../../ui';
import { EntryFrame } from './entry-frame';

@Component({
  selector: 'app-login',
  imports: [EntryFrame, FormField, FormRoot, UiButton, UiFailure, UiField, UiInput],
  template: `<app-entry-frame>
    <form [formRoot]="f" class="grid gap-5">
      <div>
        <h1 class="text-2xl font-semibold tracking-tight">Sign in</h1>
        <p class="mt-1 text-muted">Use the e-mail address and password of your account here.</p>
      </div>
      <ui-failure [text]="failed()" />
      <ui-field label="E-mail" [of]="f.email">
        <input uiInput type="email" autocomplete="username" [formField]="f.email" />
      </ui-field>
      <ui-field label="Password" [of]="f.password">
        <input uiInput type="password" autocomplete="current-password" [formField]="f.password" />
      </ui-field>
      <button uiButton variant="primary" size="lg" type="submit" [disabled]="f().submitting()">
        {{ f().submitting() ? 'Signing in' : 'Sign in' }}
      </button>
      <p class="text-xs text-muted">
        No account, or the password is lost? Ask an administrator of your organization.
      </p>
    </form>
  </app-entry-frame>`,
})
export class Login {
  /** Where to go afterwards; from the query string. */
  readonly next = input<string>();
  protected readonly failed = signal('');
  private readonly session = inject(Session);
  private readonly router = inject(Router);
  private readonly model = signal({ email: '', password: '' });
  protected readonly f = form(
    this.model,
    (path) => {
      required(path.email, { message: 'Enter your e-mail address.' });
      email(path.email, { message: 'Enter an address like name@company.com.' });
      required(path.password, { message: 'Enter your password.' });
    },
    { submission: { action: () => this.signIn() } },
  );

  private async signIn(): Promise<void> {
    this.failed.set('');
    const { email: address, password } = this.model();
    try {
      await this.session.login(address, password);
      await this.router.navigateByUrl(ownPath(this.next()));
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}

/** A path of this dashboard; anything that could lead elsewhere becomes the start page. */
function ownPath(next: string | undefined): string {
  return next?.startsWith('/') && !/^\/[/\\]/.test(next) ? next : '/';
}
