import { Component, computed, input, linkedSignal } from '@angular/core';
import { type FieldTree, FormField } from '@angular/forms/signals';
import { UiField, UiInput } from '../../ui';
import { MAIN_RATES, OTHER_RATES, RATE_KINDS, type TypedRates, UNIT_RATES } from './rate-kinds';

/** Input and output, and behind a line all that few models are paid by. */
@Component({
  selector: 'app-rates-fields',
  imports: [FormField, UiField, UiInput],
  host: { class: 'grid gap-4' },
  template: `<div class="grid grid-cols-2 gap-4">
      @for (kind of main; track kind.name) {
        <ui-field [label]="kind.label + ', 1M tokens'" [of]="of()[kind.name]">
          <input
            uiInput
            inputmode="decimal"
            autocomplete="off"
            placeholder="1.25"
            [formField]="of()[kind.name]"
          />
        </ui-field>
      }
    </div>
    <details class="rounded-md border px-3 py-2" [open]="open()">
      <summary class="cursor-pointer font-medium">Caches, audio, searches</summary>
      <div class="mt-3 grid gap-4 sm:grid-cols-2">
        @for (kind of others; track kind.name) {
          <ui-field [label]="kind.label" [hint]="kind.hint" [of]="of()[kind.name]">
            <input uiInput inputmode="decimal" autocomplete="off" [formField]="of()[kind.name]" />
          </ui-field>
        }
      </div>
    </details>`,
})
export class RatesFields {
  readonly of = input.required<FieldTree<TypedRates>>();
  protected readonly main = MAIN_RATES;
  protected readonly others = [...OTHER_RATES, ...UNIT_RATES];
  /** What is given or wrong behind the line is shown; nothing that was once shown is hidden again. */
  protected readonly open = linkedSignal<boolean, boolean>({
    source: computed(() => this.others.some(({ name }) => this.isFilled(name))),
    computation: (filled, previous) => filled || previous?.value === true,
  });

  private isFilled(name: (typeof RATE_KINDS)[number]['name']): boolean {
    return this.of()[name]().value().trim() !== '';
  }
}
