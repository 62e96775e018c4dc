import { Component, inject, signal } from '@angular/core';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { Now } from '../../core/now';
import { ownTimeZone } from '../../core/time';
import { type Theme, ThemeStore } from '../../core/theme';
import { UiButton, UiIcon, UiNote, UiSection, UiTableScroll, UiTime } from '../../ui';
import { OrganizationSection } from './organization-section';
import { OwnPassword } from './own-password';

type Check = Schemas['LedgerCheck'] & { readonly at: string };

@Component({
  selector: 'app-settings',
  imports: [
    OrganizationSection,
    OwnPassword,
    UiButton,
    UiIcon,
    UiNote,
    UiSection,
    UiTableScroll,
    UiTime,
  ],
  template: `<h1 class="sr-only">Settings</h1>
    <div class="grid max-w-3xl gap-4">
      <app-organization-section />
      <ui-section heading="Ledger">
        <div class="grid gap-3 p-3 sm:p-4">
          <p class="text-muted">
            Recomputes every balance from the entries and compares: nothing may be created, lost or
            counted twice.
          </p>
          @if (check(); as result) {
            @if (result.ok) {
              <p uiNote="ok" role="status">
                <ui-icon name="circle-check" class="mt-0.5" />
                <span
                  >The books balance. {{ result.checkedAccounts.toLocaleString('en-US') }} accounts
                  were checked at <ui-time as="clock" [at]="result.at" />.</span
                >
              </p>
            } @else {
              <p uiNote="bad" role="alert">
                <ui-icon name="triangle-alert" class="mt-0.5" />
                <span
                  >{{ result.findings.length }} of {{ result.checkedAccounts }} checks failed. Keep
                  the database as it is and ask for support.</span
                >
              </p>
              <div uiTableScroll="Findings, table">
                <table class="table">
                  <thead>
                    <tr>
                      <th scope="col">Rule</th>
                      <th scope="col">Where</th>
                      <th scope="col">Expected</th>
                      <th scope="col">Found</th>
                    </tr>
                  </thead>
                  <tbody>
                    @for (finding of result.findings; track $index) {
                      <tr>
                        <td>{{ finding.invariant }}</td>
                        <td>{{ finding.subject }}</td>
                        <td>{{ finding.expected }}</td>
                        <td>{{ finding.found }}</td>
                      </tr>
                    }
                  </tbody>
                </table>
              </div>
            }
          }
          @if (failed()) {
            <p uiNote="bad" role="alert">
              <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
            </p>
          }
          <div>
            <button uiButton type="button" [disabled]="checking()" (click)="runCheck()">
              <ui-icon name="shield-check" />{{ checking() ? 'Checking' : 'Check the ledger' }}
            </button>
          </div>
        </div>
      </ui-section>
      <app-own-password />
      <ui-section heading="Appearance">
        <div class="grid gap-3 p-3 sm:p-4">
          <div class="flex flex-wrap gap-2" role="group" aria-label="Theme">
            @for (choice of themes; track choice.value) {
              <button
                uiButton
                type="button"
                class="aria-pressed:border-accent! aria-pressed:bg-accent-soft! aria-pressed:text-accent-text!"
                [attr.aria-pressed]="theme.theme() === choice.value"
                (click)="theme.theme.set(choice.value)"
              >
                {{ choice.label }}
              </button>
            }
          </div>
          <p class="text-muted">
            Kept in this browser only. Times are shown in its time zone, {{ zone }}.
          </p>
        </div>
      </ui-section>
    </div>`,
})
export class Settings {
  protected readonly theme = inject(ThemeStore);
  protected readonly zone = ownTimeZone();
  protected readonly themes: readonly { value: Theme; label: string }[] = [
    { value: 'system', label: 'As the system' },
    { value: 'light', label: 'Light' },
    { value: 'dark', label: 'Dark' },
  ];
  protected readonly check = signal<Check | undefined>(undefined);
  protected readonly failed = signal('');
  protected readonly checking = signal(false);
  private readonly api = inject(Api);
  private readonly now = inject(Now);

  protected async runCheck(): Promise<void> {
    this.checking.set(true);
    this.failed.set('');
    try {
      const result = await this.api.read('/v1/ledger/check', {});
      this.check.set({ ...result, at: new Date(this.now.ms()).toISOString() });
    } catch (cause) {
      this.check.set(undefined);
      this.failed.set(apiError(cause).message);
    } finally {
      this.checking.set(false);
    }
  }
}
