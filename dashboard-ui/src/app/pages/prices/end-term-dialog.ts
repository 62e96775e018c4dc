import { Component, inject, signal } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import { form } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { DialogForm, UiFormDialog } from '../../ui';
import { reasonRule } from './price-rules-form';
import { ReasonField } from './reason-field';

export interface EndTermData {
  readonly kind: 'markup' | 'ceiling';
  readonly projectId: string | null;
  readonly where: string;
}

const WORDS = {
  markup: {
    heading: 'End the mark-up',
    organization: 'Calls from now on cost what their rates say. Projects with their own keep it.',
    project: "Calls from now on have the organization's mark-up, if there is one.",
  },
  ceiling: {
    heading: 'End the price of unknown models',
    organization:
      'Agents may not use models without a price any more. Projects with their own keep it.',
    project:
      'What the organization says about models without a price applies; if it says nothing, agents may not use them.',
  },
} as const;

/** Closes with `true` when the mark-up or ceiling is gone. */
@Component({
  selector: 'app-end-term-dialog',
  imports: [ReasonField, UiFormDialog],
  template: `<ui-form-dialog
    [of]="f"
    [dialog]="dialog"
    [heading]="words.heading + ' of ' + data.where + '?'"
    [text]="text + ' What was booked stays as it is.'"
    [action]="data.kind === 'markup' ? 'End mark-up' : 'End ceiling'"
    [danger]="true"
  >
    <app-reason-field [of]="f.reason" />
  </ui-form-dialog>`,
})
export class EndTermDialog {
  protected readonly data = inject<EndTermData>(DIALOG_DATA);
  protected readonly dialog = new DialogForm<boolean>();
  protected readonly words = WORDS[this.data.kind];
  protected readonly text =
    this.data.projectId === null ? this.words.organization : this.words.project;
  private readonly api = inject(Api);
  private readonly model = signal({ reason: '' });
  protected readonly f = form(this.model, (path) => reasonRule(path.reason), {
    submission: { action: () => this.end() },
  });

  private async end(): Promise<void> {
    const { projectId, kind } = this.data;
    const wish = {
      ...(projectId === null ? {} : { projectId }),
      reason: this.model().reason,
    };
    await this.dialog.send(async () => {
      if (kind === 'markup')
        await this.api.send('put', '/v1/prices/markup', { body: { ...wish, basisPoints: null } });
      else await this.api.send('put', '/v1/prices/ceiling', { body: { ...wish, rates: null } });
      return true;
    });
  }
}
