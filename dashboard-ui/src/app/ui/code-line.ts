import { Component, input } from '@angular/core';
import { UiCopyButton } from './copy-button';

/** Text to copy: a key, a command, a few lines of code. */
@Component({
  selector: 'ui-code-line',
  imports: [UiCopyButton],
  host: { class: 'flex items-start gap-2 rounded-lg border bg-sunken py-2 pr-2 pl-3' },
  template: `<code
      class="min-w-0 flex-1 self-center font-mono text-xs leading-5 break-all whitespace-pre-wrap"
      data-testid="code"
      >{{ value() }}</code
    ><ui-copy-button [value]="value()" [what]="what()" />`,
})
export class UiCodeLine {
  readonly value = input.required<string>();
  readonly what = input.required<string>();
}
