import { Component, inject, Injectable, input } from '@angular/core';
import { Dialog, DialogRef } from '@angular/cdk/dialog';
import type { ComponentType } from '@angular/cdk/overlay';
import { firstValueFrom } from 'rxjs';

export const DIALOG_TITLE_ID = 'dialog-title';

/** Frame of every dialog: heading, body, and a footer for the buttons (`<ng-container dialogActions>`). */
@Component({
  selector: 'ui-dialog',
  host: {
    class:
      'flex max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] flex-col overflow-hidden rounded-xl border bg-surface shadow-2xl',
  },
  template: `<div class="overflow-y-auto p-5">
      <h2 [id]="titleId" class="text-[15px] font-semibold">{{ heading() }}</h2>
      @if (text()) {
        <p class="mt-1 text-muted">{{ text() }}</p>
      }
      <ng-content />
    </div>
    <div class="flex flex-wrap justify-end gap-2 border-t bg-sunken/60 px-5 py-3">
      <ng-content select="[dialogActions]" />
    </div>`,
})
export class UiDialog {
  readonly heading = input.required<string>();
  readonly text = input('');
  protected readonly titleId = DIALOG_TITLE_ID;
}

@Injectable({ providedIn: 'root' })
export class Dialogs {
  private readonly dialog = inject(Dialog);

  /** @returns what the dialog was closed with; `undefined` when it was dismissed. */
  async open<Result, Data = undefined>(
    component: ComponentType<unknown>,
    ...[data]: Data extends undefined ? [] : [data: Data]
  ): Promise<Result | undefined> {
    // A menu that leads here closes first and gives the focus to its button, which gets it back when the dialog is closed.
    await Promise.resolve();
    const ref = this.dialog.open<Result, Data | undefined>(component, {
      ariaLabelledBy: DIALOG_TITLE_ID,
      autoFocus: 'input:not([type=hidden]), select, button',
      data,
    });
    return await firstValueFrom(ref.closed, { defaultValue: undefined });
  }
}

/** Base of our dialog components: closes with a result. */
export function dialogRef<Result>(): DialogRef<Result> {
  return inject<DialogRef<Result>>(DialogRef);
}
