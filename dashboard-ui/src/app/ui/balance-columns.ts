import { Component, input } from '@angular/core';
import { UiBalanceBar, type BalanceParts } from './balance-bar';
import { UiMoney } from './money-text';

const PARTS = [
  { name: 'Spent', place: '', dot: 'bg-spent' },
  { name: 'Leased', place: 'justify-center', dot: 'bg-leased' },
  { name: 'Free', place: 'justify-end', dot: 'bg-free' },
] as const;

/** Heads a column of {@link UiBalanceAmounts}, inside its `th`; on a phone only read out. */
@Component({
  selector: 'ui-balance-head',
  template: `<span class="grid grid-cols-[1fr_auto_1fr] gap-3 max-sm:sr-only">
    @for (part of parts; track part.name) {
      <span class="inline-flex items-center gap-1.5" [class]="part.place"
        ><span class="size-2 rounded-[3px]" [class]="part.dot" aria-hidden="true"></span
        >{{ part.name }}</span
      >
    }
  </span>`,
})
export class UiBalanceHead {
  protected readonly parts = PARTS;
}

/** Spent, leased and free above their bar; on a phone only what is free. However large, they stay within the bar. */
@Component({
  selector: 'ui-balance-amounts',
  imports: [UiBalanceBar, UiMoney],
  host: { class: 'block' },
  template: `<div class="mb-1.5 text-xs sm:grid sm:grid-cols-[1fr_auto_1fr] sm:gap-3">
      <ui-money class="max-sm:hidden" [value]="balance().spent" />
      <ui-money class="text-center max-sm:hidden" [value]="balance().leased" />
      <ui-money class="text-right font-medium" [value]="balance().available" />&ngsp;<span
        class="inline-block text-muted sm:hidden"
        >{{ whole() ? 'of ' + whole() + ' free' : 'free' }}</span
      >
    </div>
    <ui-balance-bar [balance]="balance()" />`,
})
export class UiBalanceAmounts {
  readonly balance = input.required<BalanceParts>();
  /** What it is a part of, as text. */
  readonly whole = input('');
}
