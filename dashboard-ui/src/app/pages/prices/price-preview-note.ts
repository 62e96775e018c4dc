import { Component, computed, inject, input } from '@angular/core';
import { Api, type Schemas } from '../../api/client';
import { dollarWith, markupOf, type Override, previewOf, type Wish } from './price-preview';

/** What own rates would change, while they are being typed. */
@Component({
  selector: 'app-price-preview-note',
  host: { class: 'block rounded-lg border bg-sunken px-3 py-2', 'aria-live': 'polite' },
  template: `<p class="font-medium">What changes</p>
    @if (preview(); as shown) {
      @if (shown.count === 0) {
        <p class="text-muted">
          No model of the table is meant. The rates apply to a model that agents call by this name.
        </p>
      } @else {
        <p class="text-xs text-muted">
          {{ shown.count.toLocaleString('en-US') }}
          {{ shown.count === 1 ? 'model' : 'models' }} of the table; input / output of a million
          tokens
        </p>
        <ul class="mt-1 grid gap-1">
          @for (line of shown.lines; track line.model) {
            <li class="flex flex-wrap justify-between gap-x-4">
              <span class="min-w-0 break-all">{{ line.model }}</span>
              <span class="tabular-nums"
                ><span class="text-muted">{{ line.now }}</span>
                <span class="sr-only"> becomes </span><span aria-hidden="true"> → </span
                >{{ line.then }}</span
              >
            </li>
          }
        </ul>
        @if (shown.count > shown.lines.length) {
          <p class="text-xs text-muted">and {{ shown.count - shown.lines.length }} more</p>
        }
      }
      @for (line of notes(); track line) {
        <p class="mt-1 text-xs text-muted">{{ line }}</p>
      }
    } @else {
      <p class="text-muted">Give a provider, a model and its rates to see it.</p>
    }`,
})
export class PricePreviewNote {
  /** `undefined` while something is missing or wrong. */
  readonly wish = input.required<Wish | undefined>();
  readonly table = input.required<readonly Schemas['Price'][]>();
  readonly overrides = input.required<readonly Override[]>();
  readonly projectNames = input<ReadonlyMap<string, string>>(new Map());
  private readonly terms = inject(Api).get('/v1/prices/terms', () => ({}));
  protected readonly preview = computed(() => {
    const wish = this.wish();
    return wish && previewOf(wish, this.table(), this.overrides());
  });
  protected readonly notes = computed(() => {
    const keeping = (this.preview()?.keepingProjectIds ?? []).map(
      (id) => this.projectNames().get(id) ?? 'one project',
    );
    const points = markupOf(this.terms.value(), this.wish()?.projectId ?? null);
    return [
      ...(keeping.length > 0
        ? [`Own rates of projects go before these: ${keeping.join(', ')}.`]
        : []),
      ...(points > 0
        ? [
            `The mark-up of ${points / 100}% comes on top: $1.00 is booked as ${dollarWith(points)}.`,
          ]
        : []),
      'What was booked stays as it is.',
    ];
  });
}
