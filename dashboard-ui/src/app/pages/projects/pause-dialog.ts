import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, FormRoot, maxLength } from '@angular/forms/signals';
import { apiError } from '../../api/api-error';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano, sumNano } from '../../core/money';
import { Now } from '../../core/now';
import { soonClock } from '../../core/time';
import { UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote, dialogRef } from '../../ui';

/** One click and one sentence that says what will happen. Closes with the server's answer. */
@Component({
  selector: 'app-pause-dialog',
  imports: [FormField, FormRoot, UiButton, UiDialog, UiField, UiIcon, UiInput, UiNote],
  template: `<form [formRoot]="f">
    <ui-dialog [heading]="'Pause ' + project.name + '?'" [text]="sentence()">
      <div class="mt-4 grid gap-4">
        @if (failed()) {
          <p role="alert" uiNote="bad">
            <ui-icon name="circle-alert" class="mt-0.5" />{{ failed() }}
          </p>
        }
        <ui-field
          label="Reason"
          [optional]="true"
          hint="Agents and the other members see it."
          [of]="f.reason"
        >
          <input uiInput autocomplete="off" [formField]="f.reason" />
        </ui-field>
      </div>
      <ng-container dialogActions>
        <button uiButton type="button" (click)="ref.close()">Cancel</button>
        <button uiButton variant="danger" type="submit" [disabled]="f().submitting()">
          <ui-icon name="circle-pause" />Pause project
        </button>
      </ng-container>
    </ui-dialog>
  </form>`,
})
export class PauseDialog {
  protected readonly project = inject<Schemas['Project']>(DIALOG_DATA);
  protected readonly ref = dialogRef<Schemas['PauseAnswer']>();
  protected readonly failed = signal('');
  private readonly api = inject(Api);
  private readonly now = inject(Now);
  private readonly leases = this.api.get(
    '/v1/leases',
    () => ({ query: { projectId: this.project.id, open: 'true', limit: 200 } }),
    ['leases'],
  );
  private readonly model = signal({ reason: '' });
  protected readonly f = form(
    this.model,
    (path) => maxLength(path.reason, 200, { message: 'Use at most 200 characters.' }),
    { submission: { action: () => this.pause() } },
  );
  protected readonly sentence = computed(
    () =>
      `No new money is leased, and running agents stop within two seconds. ${this.exposure()} You can resume at any time.`,
  );
  private readonly exposure = computed(() => {
    const answer = this.leases.value();
    const open = (answer?.items ?? []).filter(({ state }) => state === 'PENDING');
    const unused = sumNano(open.map(({ amount, used }) => nano(amount) - nano(used)));
    const leased = answer?.nextCursor ? nano(this.project.balance.leased) : unused;
    if (leased <= 0n) return 'Nothing is leased now, so nothing more is spent.';
    const until = Math.max(...open.map(({ expiresAt }) => Date.parse(expiresAt)));
    const clock = Number.isFinite(until) ? `, until ${soonClock(until, this.now.ms())}` : '';
    return `At most ${exactUsd(leased)} is still leased${clock}.`;
  });

  private async pause(): Promise<void> {
    this.failed.set('');
    const reason = this.model().reason.trim();
    try {
      this.ref.close(
        await this.api.send('post', '/v1/projects/{projectId}/pause', {
          path: { projectId: this.project.id },
          body: reason ? { reason } : {},
        }),
      );
    } catch (cause) {
      this.failed.set(apiError(cause).message);
    }
  }
}
