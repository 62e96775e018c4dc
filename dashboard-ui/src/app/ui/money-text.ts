import { Component, computed, input } from '@angular/core';
import { exactUsd, nano, shortUsd } from '../core/money';

/** Money in lists: two decimals, the exact amount on hover. `exact` shows all decimals. */
@Component({
  selector: 'ui-money',
  host: { class: 'tabular-nums', '[attr.title]': 'full()' },
  template: '{{ text() }}',
})
export class UiMoney {
  /** As the API sends it. */
  readonly value = input.required<string>();
  readonly exact = input(false);
  private readonly amount = computed(() => nano(this.value()));
  protected readonly full = computed(() => exactUsd(this.amount()));
  protected readonly text = computed(() => (this.exact() ? this.full() : shortUsd(this.amount())));
}
