import { Component, input } from '@angular/core';
import { UiCard, UiIcon } from '../../ui';

@Component({
  selector: 'app-start-step',
  imports: [UiCard, UiIcon],
  host: { class: 'block' },
  template: `<section
    uiCard
    class="p-5"
    [class.bg-transparent]="state() === 'later'"
    [attr.aria-label]="'Step ' + number() + ': ' + heading()"
  >
    <div class="flex items-start gap-3">
      <span
        class="grid size-7 shrink-0 place-items-center rounded-full text-xs font-semibold"
        [class]="
          state() === 'done'
            ? 'bg-ok-soft text-ok'
            : state() === 'now'
              ? 'bg-accent text-accent-fg'
              : 'bg-sunken text-fg'
        "
      >
        @if (state() === 'done') {
          <ui-icon name="check" /><span class="sr-only">Done</span>
        } @else {
          {{ number() }}
        }
      </span>
      <div class="min-w-0 flex-1 pt-0.5">
        <h2 class="text-[15px] font-semibold">{{ heading() }}</h2>
        <p class="text-muted">{{ text() }}</p>
        @if (state() === 'now') {
          <div class="mt-4"><ng-content /></div>
        }
      </div>
    </div>
  </section>`,
})
export class StartStep {
  readonly number = input.required<number>();
  readonly heading = input.required<string>();
  readonly text = input.required<string>();
  readonly state = input.required<'done' | 'now' | 'later'>();
}
