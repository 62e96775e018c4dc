import { Component, computed, inject, input } from '@angular/core';
import { Now } from '../core/now';
import { ago, clockWithZone, dateTime, day } from '../core/time';

/** A moment; always with the full date, time and zone on hover. */
@Component({
  selector: 'ui-time',
  host: { class: 'whitespace-nowrap tabular-nums' },
  template: `<time [attr.datetime]="at()" [attr.title]="full()">{{ text() }}</time>`,
})
export class UiTime {
  readonly at = input.required<string>();
  readonly as = input<'ago' | 'day' | 'clock' | 'full'>('full');
  private readonly now = inject(Now);
  protected readonly full = computed(() => dateTime(this.at()));
  protected readonly text = computed(() => {
    switch (this.as()) {
      case 'ago':
        return ago(this.at(), this.now.ms());
      case 'day':
        return day(this.at());
      case 'clock':
        return clockWithZone(this.at());
      case 'full':
        return this.full();
    }
  });
}
