import { Component, input } from '@angular/core';
import { UiIcon } from './icon';
import type { IconName } from './icons.gen';

/** An empty state says what the thing is for and offers the first step. */
@Component({
  selector: 'ui-empty',
  imports: [UiIcon],
  host: { class: 'grid justify-items-center gap-1 px-6 py-12 text-center' },
  template: `<span
      class="mb-2 grid size-11 place-items-center rounded-xl border bg-sunken text-muted shadow-xs"
      ><ui-icon [name]="icon()" class="size-5!"
    /></span>
    <p class="text-sm font-semibold">{{ heading() }}</p>
    <p class="max-w-md text-balance text-muted">{{ text() }}</p>
    <div class="mt-3 flex flex-wrap justify-center gap-2"><ng-content /></div>`,
})
export class UiEmpty {
  readonly icon = input.required<IconName>();
  readonly heading = input.required<string>();
  readonly text = input.required<string>();
}
