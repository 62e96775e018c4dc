import { Component, input } from '@angular/core';
import { UiCard } from './display';

let nextId = 1;

/** A card with a heading; actions go into `<ng-container sectionActions>`. */
@Component({
  selector: 'ui-section',
  imports: [UiCard],
  host: { class: 'block' },
  template: `<section uiCard [attr.aria-labelledby]="id" class="flex h-full flex-col">
    <div class="flex min-h-12 flex-wrap items-center gap-x-2 gap-y-2 border-b px-3 py-2 sm:px-4">
      @if (level() === 1) {
        <h1 [id]="id" class="text-sm font-semibold">{{ heading() }}</h1>
      } @else {
        <h2 [id]="id" class="text-sm font-semibold">{{ heading() }}</h2>
      }
      @if (note()) {
        <span class="text-xs text-muted tabular-nums">{{ note() }}</span>
      }
      <div
        class="ml-auto flex flex-wrap items-center gap-2 empty:hidden max-sm:grow max-sm:justify-end"
      >
        <ng-content select="[sectionActions]" />
      </div>
    </div>
    <ng-content />
  </section>`,
})
export class UiSection {
  readonly heading = input.required<string>();
  readonly note = input('');
  readonly level = input<1 | 2>(2);
  protected readonly id = `section-${nextId++}`;
}
