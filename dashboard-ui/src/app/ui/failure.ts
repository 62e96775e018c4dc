import { Component, input } from '@angular/core';
import { UiNote } from './display';
import { UiIcon } from './icon';

/** Why what was tried did not work, read out when it comes; nothing while there is no text. */
@Component({
  selector: 'ui-failure',
  imports: [UiIcon, UiNote],
  host: { class: 'block empty:hidden' },
  template: `@if (text(); as message) {
    <p role="alert" uiNote="bad"><ui-icon name="circle-alert" class="mt-0.5" />{{ message }}</p>
  }`,
})
export class UiFailure {
  readonly text = input.required<string>();
}
