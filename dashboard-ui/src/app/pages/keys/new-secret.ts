import { afterNextRender, Component, ElementRef, inject, input, output } from '@angular/core';
import type { Schemas } from '../../api/client';
import { UiButton, UiCodeLine, UiDialog, UiIcon, UiNote } from '../../ui';

/** A key's secret, for the only time. */
@Component({
  selector: 'app-new-secret',
  imports: [UiButton, UiCodeLine, UiDialog, UiIcon, UiNote],
  template: `<ui-dialog [heading]="heading()">
    <div class="mt-3 grid gap-4">
      <p uiNote="warn">
        <ui-icon name="triangle-alert" class="mt-0.5" />It is shown only this once. The server keeps
        no copy that could be read again.
      </p>
      <ui-code-line [value]="answer().secret" what="key" />
      <p class="text-muted">
        An agent needs it as <code class="font-mono text-xs">IRON_CAGE_KEY</code>. It can borrow
        from {{ answer().key.projectName }} and nothing else.
      </p>
    </div>
    <ng-container dialogActions>
      <button uiButton type="button" variant="primary" (click)="stored.emit()">
        I have stored it
      </button>
    </ng-container>
  </ui-dialog>`,
})
export class NewSecret {
  readonly heading = input.required<string>();
  readonly answer = input.required<Schemas['CreatedKey']>();
  readonly stored = output();

  constructor() {
    const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    // The form that had the focus is gone: without this, the keyboard would start anew behind the dialog.
    afterNextRender(() => host.querySelector('button')?.focus());
  }
}
