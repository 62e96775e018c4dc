import { Component, computed, inject, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import {
  email,
  form,
  FormField,
  FormRoot,
  maxLength,
  minLength,
  required,
} from '@angular/forms/signals';
import { ActivatedRoute, Router } from '@angular/router';
import { apiError } from '../../api/api-error';
import { Session } from '../../session/session';
import { SetupState } from '../../session/setup-state';
import { UiButton, UiFailure, UiField, UiInput } from '../../ui';
import { EntryFrame } from './entry-frame';

/** First run: the token of the link creates the organization and its owner, and signs in. */
@Component({
  selector: 'app-setup',
  imports: [EntryFrame, FormField, FormRoot, UiButton, UiFailure, UiField, UiInput],
  template: `<app-entry-frame>
    @if (token()) {
      <form [formRoot]="f" class="grid gap-5">
        <div>
          <h1 class="text-2xl font-semibold tracking-tight">Set up Iron Cage</h1>
          <p class="mt-1 text-muted">
            Create your organization and its owner. You add other members later.
          </p>
        </div>
        <ui-failure [text]="failed()" />
        <ui-field
          label="Organization"
          hint="The company or team that owns the projects."
          [of]="f.organizationName"
        >
          <input uiInput autocomplete="organization" [formField]="f.organizationName" />
        </ui-field>
        <ui-field label="Your name" [of]="f.name">
          <input uiInput autocomplete="name" [formField]="f.name" />
        </ui-field>
        <ui-field label="E-mail" hint="You sign in with it. Nothing is sent to it." [of]="f.email">
          <input uiInput type="email" autocomplete="username" [formField]="f.email" />
        </ui-field>
        <ui-field
          label="Password"
          hint="At least 12 characters; a sentence is easiest to remember."
          [of]="f.password"
        >
          <input uiInput type="password" autocomplete="new-password" [formField]="f.password" />
        </ui-field>
        <button uiButton variant="primary" size="lg" type="submit" [disabled]="f().submitting()">
          {{ f().submitting() ? 'Creating' : 'Create organization' }}
        </button>
      </form>
    } @else {
      <div class="grid gap-4">
        <h1 class="text-2xl font-semibold tracking-tight">Waiting for its first owner</h1>
        <p class="text-muted">
          This installation has not been set up yet. Open the set-up link that the server printed in
          its terminal when it started; the same link is in the file that is named there.
        </p>
        <div class="rounded-lg border bg-sunken p-3 font-mono text-xs leading-6">
          <span class="text-muted">Look for a line with</span><br />/dashboard/setup#token=…
        </div>
        <p class="text-muted">
          The link proves that you can read the server's output, so nobody else can take this
          installation over.
        </p>
      </div>
    }
  </app-entry-frame>`,
})
export class Setup {
  private readonly fragment = toSignal(inject(ActivatedRoute).fragment, { initialValue: null });
  /** In the fragment, so that it is in no log of a server or proxy. */
  protected readonly token = computed(
    () => new URLSearchParams(this.fragment() ?? '').get('token') ?? '',
  );
  protected readonly failed = signal('');
  private readonly session = inject(Session);
  private readonly setup = inject(SetupState);
  private readonly router = inject(Router);
  private readonly model = signal({ organizationName: '', name: '', email: '', password: '' });
  protected readonly f = form(
    this.model,
    (path) => {
      required(path.organizationName, { message: 'Enter a name for the organization.' });
      maxLength(path.organizationName, 80, { message: 'Use at most 80 characters.' });
      required(path.name, { message: 'Enter your name.' });
      maxLength(path.name, 80, { message: 'Use at most 80 characters.' });
      required(path.email, { message: 'Enter your e-mail address.' });
      email(path.email, { message: 'Enter an address like name@company.com.' });
      required(path.password, { message: 'Choose a password.' });
      minLength(path.password, 12, { message: 'Use at least 12 characters.' });
      maxLength(path.password, 256, { message: 'Use at most 256 characters.' });
    },
    { submission: { action: () => this.complete() } },
  );

  private async complete(): Promise<void> {
    this.failed.set('');
    try {
      await this.session.completeSetup({ token: this.token(), ...this.model() });
      this.setup.complete();
      await this.router.navigateByUrl('/start', { replaceUrl: true });
    } catch (cause) {
      const { code, message } = apiError(cause);
      this.failed.set(message);
      if (code !== 'SETUP_DONE') return;
      this.setup.complete();
      await this.router.navigateByUrl('/login', { replaceUrl: true });
    }
  }
}
