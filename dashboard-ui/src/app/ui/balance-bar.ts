import { Component, computed, input } from '@angular/core';
import { exactUsd, nano, percent, shortUsd, sumNano } from '../core/money';

/** In percent: what is there at all must be seen, however little it is. */
const LEAST_SHARE = 1.2;

export interface BalanceParts {
  readonly spent: string;
  readonly leased: string;
  readonly available: string;
}

/** Spent, leased and free as three colours of one bar. */
@Component({
  selector: 'ui-balance-bar',
  host: {
    class: 'block',
    role: 'img',
    '[attr.aria-label]': 'label()',
    '[attr.title]': 'title()',
  },
  template: `<svg
    class="block w-full overflow-hidden rounded-full"
    [class]="size() === 'lg' ? 'h-3' : 'h-1.5'"
    viewBox="0 0 100 1"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <rect width="100" height="1" class="fill-sunken" />
    @for (part of drawn(); track part.name) {
      <rect [attr.x]="part.x" [attr.width]="part.width" height="1" [class]="part.fill" />
    }
  </svg>`,
})
export class UiBalanceBar {
  readonly balance = input.required<BalanceParts>();
  readonly size = input<'sm' | 'lg'>('sm');
  private readonly parts = computed(() => {
    const { spent, leased, available } = this.balance();
    return [
      { name: 'spent', fill: 'fill-spent', amount: nano(spent) },
      { name: 'leased', fill: 'fill-leased', amount: nano(leased) },
      { name: 'free', fill: 'fill-free', amount: nano(available) },
    ];
  });
  protected readonly drawn = computed(() => {
    const whole = sumNano(this.parts().map(({ amount }) => amount));
    const shares = this.parts().map(({ amount }) =>
      amount > 0n ? Math.max(LEAST_SHARE, percent(amount, whole)) : 0,
    );
    const scale = 100 / (shares.reduce((sum, share) => sum + share, 0) || 100);
    let end = 0;
    return this.parts().map((part, index) => {
      const x = end;
      end += (shares[index] ?? 0) * scale;
      return { ...part, x, width: end - x };
    });
  });
  protected readonly label = computed(() =>
    this.parts()
      .map(({ name, amount }) => `${shortUsd(amount)} ${name}`)
      .join(', '),
  );
  protected readonly title = computed(() =>
    this.parts()
      .map(({ name, amount }) => `${exactUsd(amount)} ${name}`)
      .join(' · '),
  );
}
