import { Component, computed, input } from '@angular/core';
import type { Loaded } from '../api/loaded';
import { UiButton } from './button';
import { UiNote } from './display';
import { UiIcon } from './icon';

/** May not be seen, is not there: asking again changes nothing. */
const FINAL: ReadonlySet<number> = new Set([403, 404]);

/** What stands in for data that is not there yet: a skeleton, or why it failed and a retry. Stale data gets a line above it. */
@Component({
  selector: 'ui-load-state',
  imports: [UiButton, UiIcon, UiNote],
  template: `@if (of().error(); as error) {
      @if (hasValue()) {
        <p uiNote="warn" role="status" class="m-3 items-center">
          <ui-icon name="triangle-alert" />
          <span class="min-w-0 flex-1"
            >{{ capitalized() }} may be out of date. {{ error.message }}</span
          >
          <button uiButton type="button" size="sm" (click)="of().reload()">Try again</button>
        </p>
      } @else {
        <div role="alert" class="grid justify-items-center gap-1 px-6 py-10 text-center">
          <ui-icon name="triangle-alert" class="mb-1 size-6! text-bad" />
          <p class="font-semibold">{{ capitalized() }} could not be loaded</p>
          <p class="max-w-md text-muted">{{ error.message }}</p>
          @if (error.requestId) {
            <p class="text-xs text-muted">Request {{ error.requestId }}</p>
          }
          @if (!final.has(error.status)) {
            <button uiButton type="button" class="mt-3" (click)="of().reload()">
              <ui-icon name="refresh-cw" />Try again
            </button>
          }
        </div>
      }
    } @else if (!hasValue()) {
      <div
        class="grid gap-3 p-4"
        role="status"
        aria-busy="true"
        [attr.aria-label]="'Loading ' + what()"
      >
        @for (row of rowList(); track $index) {
          <div class="h-8 animate-pulse rounded-md bg-sunken"></div>
        }
      </div>
    }`,
})
export class UiLoadState {
  readonly of = input.required<Loaded<unknown>>();
  /** Plural, in lower case: "projects". */
  readonly what = input.required<string>();
  readonly rows = input(4);
  protected readonly final = FINAL;
  protected readonly hasValue = computed(() => this.of().value() !== undefined);
  protected readonly rowList = computed(() => Array.from({ length: this.rows() }));
  protected readonly capitalized = computed(
    () => this.what().charAt(0).toUpperCase() + this.what().slice(1),
  );
}
