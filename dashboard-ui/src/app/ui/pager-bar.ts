import { Component, input } from '@angular/core';
import type { Pager } from '../core/pager';
import { UiButton } from './button';
import { UiIcon } from './icon';

/** Newer/older below a cursor-paged list; nothing while everything fits on one page. */
@Component({
  selector: 'ui-pager',
  imports: [UiButton, UiIcon],
  template: `@if (!pager().isFirst() || nextCursor()) {
    <nav
      class="flex items-center justify-end gap-2 border-t px-4 py-2.5"
      [attr.aria-label]="'Pages of ' + what()"
    >
      <span class="mr-auto text-xs text-muted tabular-nums">Page {{ pager().pageNumber() }}</span>
      <button
        uiButton
        type="button"
        size="sm"
        [disabled]="pager().isFirst()"
        (click)="pager().previous()"
      >
        <ui-icon name="chevron-left" />Previous
      </button>
      <button uiButton type="button" size="sm" [disabled]="!nextCursor()" (click)="next()">
        Next<ui-icon name="chevron-right" />
      </button>
    </nav>
  }`,
})
export class UiPager {
  readonly pager = input.required<Pager>();
  readonly nextCursor = input.required<string | null | undefined>();
  readonly what = input.required<string>();

  protected next(): void {
    const cursor = this.nextCursor();
    if (cursor) this.pager().next(cursor);
  }
}
