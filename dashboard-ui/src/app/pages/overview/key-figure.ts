import { Component, computed, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { UiCard, UiIcon } from '../../ui';
import type { IconName } from '../../ui/icons.gen';

/** One number that answers a question, and the way to what is behind it. */
@Component({
  selector: 'app-key-figure',
  imports: [RouterLink, UiCard, UiIcon],
  host: { class: 'block' },
  template: `<a
    uiCard
    class="group h-full p-3 transition-colors hover:border-line-strong sm:p-4"
    [routerLink]="to()"
    [queryParams]="query()"
  >
    <span class="flex items-center gap-2 text-muted"
      ><ui-icon [name]="icon()" class="max-sm:hidden!" />{{ label() }}
      <ui-icon
        name="chevron-right"
        class="ml-auto opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100 max-sm:hidden!"
    /></span>
    @if (value() !== undefined) {
      <span
        class="mt-2 block leading-9 font-semibold tracking-tight whitespace-nowrap tabular-nums sm:text-[1.7rem]"
        [class]="isLong() ? 'text-base' : 'text-[1.35rem]'"
        [attr.title]="exact()"
        >{{ value() }}</span
      >
      <span class="mt-0.5 block text-xs text-muted tabular-nums">{{ hint() }}</span>
    } @else {
      <span class="mt-2 block h-9 w-28 animate-pulse rounded-md bg-sunken"></span>
      <span class="mt-1.5 block h-3.5 w-36 animate-pulse rounded bg-sunken"></span>
    }
  </a>`,
})
export class KeyFigure {
  readonly label = input.required<string>();
  readonly icon = input.required<IconName>();
  readonly value = input<string>();
  readonly exact = input<string>();
  readonly hint = input<string>();
  /** On a phone two figures stand beside each other: "$12,345,678.90" must fit as it is. */
  protected readonly isLong = computed(() => (this.value()?.length ?? 0) > 10);
  readonly to = input.required<string>();
  readonly query = input<Record<string, string>>({});
}
