import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form, FormField } from '@angular/forms/signals';
import { Api, type Schemas } from '../../api/client';
import { moneyRule } from '../../core/form-rules';
import { exactUsd, nano, typedMoney } from '../../core/money';
import { Attempt } from '../../core/attempt';
import { Session } from '../../session/session';
import { DialogForm, UiField, UiFormDialog, UiInput } from '../../ui';
import type { Refill } from './refill-view';

export interface RefillData {
  readonly project: Schemas['Project'];
}

interface RefillModel {
  readonly mode: Refill['mode'];
  readonly amount: string;
  readonly cap: string;
  readonly window: Refill['window'];
}

const MEANING: Record<Refill['mode'], string> = {
  'set-to': 'Fills the free balance up to the amount; takes nothing away when more is free.',
  add: 'Adds the amount every time, whatever is left.',
  'add-with-cap': 'Adds the amount, but never lifts the free balance above the cap.',
};

/** Closes with the new refill. */
@Component({
  selector: 'app-refill-dialog',
  imports: [FormField, UiField, UiFormDialog, UiInput],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="'Refill ' + data.project.name"
    [text]="text"
    action="Add refill"
  >
    <ui-field label="What it does" [hint]="meaning()" [of]="f.mode">
      <select uiInput [formField]="f.mode">
        <option value="set-to">Set to an amount</option>
        <option value="add">Add an amount</option>
        <option value="add-with-cap">Add an amount, up to a cap</option>
      </select>
    </ui-field>
    <div class="grid gap-4 sm:grid-cols-2">
      <ui-field label="Amount in US dollars" [hint]="free" [of]="f.amount">
        <input
          uiInput
          inputmode="decimal"
          autocomplete="off"
          placeholder="20.00"
          [formField]="f.amount"
        />
      </ui-field>
      @if (f.mode().value() === 'add-with-cap') {
        <ui-field label="Cap in US dollars" [of]="f.cap">
          <input
            uiInput
            inputmode="decimal"
            autocomplete="off"
            placeholder="100.00"
            [formField]="f.cap"
          />
        </ui-field>
      }
      <ui-field label="When" [hint]="windowHint" [of]="f.window">
        <select uiInput [formField]="f.window">
          <option value="day">Each day</option>
          <option value="week">Each week</option>
          <option value="month">Each month</option>
        </select>
      </ui-field>
    </div>
  </ui-form-dialog>`,
})
export class RefillDialog {
  protected readonly data = inject<RefillData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<Refill>();
  protected readonly text =
    'The first deposit is made at once, for the current day, week or month; the others at the start of each.';
  protected readonly free = `${exactUsd(nano(this.data.project.balance.available))} is free now.`;
  private readonly timeZone = inject(Session).organization()?.timeZone ?? 'UTC';
  protected readonly windowHint = `Starts at midnight in ${this.timeZone}.`;
  private readonly attempt = new Attempt();
  private readonly api = inject(Api);
  private readonly model = signal<RefillModel>({
    mode: 'set-to',
    amount: '',
    cap: '',
    window: 'day',
  });
  protected readonly meaning = computed(() => MEANING[this.model().mode]);
  private readonly capped = computed(() => this.model().mode === 'add-with-cap');
  protected readonly f = form(
    this.model,
    (path) => {
      moneyRule(path.amount);
      moneyRule(path.cap, { when: () => this.capped() });
    },
    { submission: { action: () => this.add() } },
  );

  private async add(): Promise<void> {
    const { mode, window } = this.model();
    const amount = typedMoney(this.model().amount);
    const cap = this.capped() ? typedMoney(this.model().cap) : undefined;
    if (amount === undefined) return;
    const id = this.attempt.requestId(mode, amount, cap ?? '', window);
    await this.dialog.send(() =>
      this.api.send('post', '/v1/projects/{projectId}/refills', {
        path: { projectId: this.data.project.id },
        body: { id, mode, amount, window, ...(cap === undefined ? {} : { cap }) },
      }),
    );
  }
}
