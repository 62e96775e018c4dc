import { Component, input } from '@angular/core';
import type { Series } from './chart-geometry';

/** The data of a chart as a table, newest last. */
@Component({
  selector: 'ui-chart-table',
  template: `<div
    class="relative max-h-[220px] overflow-auto rounded border"
    tabindex="0"
    role="region"
    [attr.aria-label]="label() + ', table'"
  >
    <table class="w-full text-xs tabular-nums">
      <caption class="sr-only">
        {{
          label()
        }}
      </caption>
      <thead class="sticky top-0 bg-sunken">
        <tr>
          <th scope="col" class="px-2 py-1 text-left font-medium">{{ xName() }}</th>
          @for (one of series(); track one.name) {
            <th scope="col" class="px-2 py-1 text-right font-medium">{{ one.name }}</th>
          }
        </tr>
      </thead>
      <tbody class="divide-y">
        @for (point of x(); track $index; let index = $index) {
          <tr>
            <th scope="row" class="px-2 py-1 text-left font-normal whitespace-nowrap text-muted">
              {{ point }}
            </th>
            @for (one of series(); track one.name; let series = $index) {
              <td class="px-2 py-1 text-right">{{ text()(series, index) }}</td>
            }
          </tr>
        }
      </tbody>
    </table>
  </div>`,
})
export class UiChartTable {
  readonly label = input.required<string>();
  readonly xName = input.required<string>();
  readonly x = input.required<readonly string[]>();
  readonly series = input.required<readonly Series[]>();
  readonly text = input.required<(series: number, index: number) => string>();
}
