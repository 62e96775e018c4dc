import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField, maxLength } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano, sumNano } from '../../core/money';
import { Now } from '../../core/now';
import { soonClock } from '../../core/time';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';

/** One click and one sentence that says what will happen. Closes with the server's answer. */
@Component({
  selector: 'app-pause-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Pause ' + project.name + '?'"
    [text]="sentence()"
    action="Pause project"
    icon="circle-pause"
    [danger]="true"
  >
    <ui-field
      label="Reason"
      [optional]="true"
      hint="Agents and the other members see it."
      [of]="f.reason"
    >
      <input uiInput autocomplete="off" [formField]="f.reason" />
    </ui-field>
  </ui-form-dialog>`,
})
export class PauseDialog {
  protected readonly project = inject<Schemas['Project']>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Schemas['PauseAnswer']>();
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
    const reason = this.model().reason.trim();
    await this.dialog.send(() =>
      this.api.send('post', '/v1/projects/{projectId}/pause', {
        path: { projectId: this.project.id },
        body: reason ? { reason } : {},
      }),
    );
  }
}
