import { afterNextRender, Component, ElementRef, inject, input } from '@angular/core';
import type { Schemas } from '../../api/client';
import { UiCodeLine, UiIcon, UiNote } from '../../ui';

/** A key's secret, for the only time. */
@Component({
  selector: 'app-new-secret',
  imports: [UiCodeLine, UiIcon, UiNote],
  template: `<div class="mt-3 grid gap-4">
    <p uiNote="warn">
      <ui-icon name="triangle-alert" class="mt-0.5" />It is shown only this once. The server keeps
      no copy that could be read again.
    </p>
    <ui-code-line [value]="answer().secret" what="key" />
    <p class="text-muted">
      An agent needs it as <code class="font-mono text-xs">IRON_CAGE_KEY</code>. It can borrow from
      {{ answer().key.projectName }} and nothing else.
    </p>
  </div>`,
})
export class NewSecret {
  readonly answer = input.required<Schemas['CreatedKey']>();

  constructor() {
    const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
    // The form that had the focus is gone: without this, the keyboard would start anew behind the dialog.
    afterNextRender(() => host.querySelector('button')?.focus());
  }
}
