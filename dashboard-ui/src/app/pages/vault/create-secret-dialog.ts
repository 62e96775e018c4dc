import { Component, inject } from '@angular/core';
import { DIALOG_DATA } from '@angular/cdk/dialog';
import type { Schemas } from '../../api/client';
import { UiButton, DIALOG_TITLE_ID, dialogRef } from '../../ui';
import { SecretForm } from './secret-form';

export interface CreateSecretData {
  readonly projectId?: string;
}

/** Looks as `ui-dialog`, whose buttons stand outside of the form; here the form has them. Closes with the stored secret. */
@Component({
  selector: 'app-create-secret-dialog',
  imports: [SecretForm, UiButton],
  host: {
    class:
      'block max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] overflow-y-auto rounded-xl border bg-surface shadow-2xl',
  },
  template: `<div class="px-5 pt-5">
    <h2 [id]="titleId" class="text-[15px] font-semibold">Add a provider key</h2>
    <p class="mt-1 mb-4 text-muted">
      It is encrypted before it is stored and handed only to agents that may use it. It is never
      shown again.
    </p>
    <app-secret-form #content [projectId]="data.projectId" (stored)="ref.close($event)">
      <div class="sticky bottom-0 -mx-5 mt-1 bg-surface">
        <div class="flex flex-wrap justify-end gap-2 border-t bg-sunken/60 px-5 py-3">
          <button uiButton type="button" (click)="ref.close()">Cancel</button>
          <button uiButton variant="primary" type="submit" [disabled]="content.busy()">
            Store secret
          </button>
        </div>
      </div>
    </app-secret-form>
  </div>`,
})
export class CreateSecretDialog {
  protected readonly data = inject<CreateSecretData>(DIALOG_DATA);
  protected readonly ref = dialogRef<Schemas['Secret']>();
  protected readonly titleId = DIALOG_TITLE_ID;
}
