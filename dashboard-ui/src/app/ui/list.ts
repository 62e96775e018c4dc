import { Component, computed, input } from '@angular/core';
import type { PagedList } from '../api/paged-list';
import { UiLoadState } from './load-state';
import { UiPager } from './pager-bar';
import { UiSection } from './section';

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

/**
 * Frame of every paged list: heading, filters and actions (`<ng-container listActions>`), a skeleton or why it failed, what stands there
 * when it is empty (`<ui-empty>`), the rows (everything else), newer and older.
 */
@Component({
  selector: 'ui-list',
  imports: [UiLoadState, UiPager, UiSection],
  host: { class: 'block' },
  template: `<ui-section [heading]="heading()" [note]="note()" [level]="level()">
    <ng-container sectionActions><ng-content select="[listActions]" /></ng-container>
    <ui-load-state [of]="of()" [what]="what()" [rows]="skeletonRows()" />
    @if (isEmpty()) {
      <ng-content select="ui-empty" />
    } @else if (of().value(); as page) {
      <ng-content />
      <ui-pager [pager]="of().pager" [nextCursor]="page.nextCursor" [what]="what()" />
    }
  </ui-section>`,
})
export class UiList {
  readonly heading = input.required<string>();
  readonly note = input('');
  readonly level = input<1 | 2>(2);
  readonly of = input.required<PagedList<Page>>();
  /** Plural, in lower case: "projects". */
  readonly what = input.required<string>();
  readonly skeletonRows = input(4);
  protected readonly isEmpty = computed(() => this.of().value()?.items.length === 0);
}
