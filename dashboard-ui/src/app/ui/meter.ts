import { Component, input } from '@angular/core';

/** A share in percent. */
@Component({
  selector: 'ui-meter',
  template: `<svg
    class="block size-full"
    viewBox="0 0 100 1"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <rect [attr.width]="value()" height="1" class="fill-spent" />
  </svg>`,
  host: {
    class: 'block h-1.5 overflow-hidden rounded-full bg-sunken',
    role: 'meter',
    'aria-valuemin': '0',
    'aria-valuemax': '100',
    '[attr.aria-valuenow]': 'value()',
    '[attr.aria-label]': 'label()',
  },
})
export class UiMeter {
  readonly value = input.required<number>();
  readonly label = input.required<string>();
}
