import { Component, computed, Directive, input } from '@angular/core';

const TONE = {
  neutral: 'bg-sunken text-muted',
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  accent: 'bg-accent-soft text-accent-text',
} as const;
export type Tone = keyof typeof TONE;

@Component({
  selector: 'ui-badge',
  template: `<span class="size-1.5 rounded-full bg-current" aria-hidden="true"></span
    ><ng-content />`,
  host: { '[class]': 'classes()' },
})
export class UiBadge {
  readonly tone = input<Tone>('neutral');
  protected readonly classes = computed(
    () =>
      `inline-flex items-center gap-1.5 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap ${TONE[this.tone()]}`,
  );
}

@Directive({
  selector: '[uiCard]',
  host: { class: 'block rounded-xl border bg-surface shadow-card' },
})
export class UiCard {}

@Directive({
  selector: '[uiMenu]',
  host: { class: 'block min-w-52 rounded-lg border bg-surface p-1 shadow-lg outline-none' },
})
export class UiMenu {}

@Directive({
  selector: '[uiMenuItem]',
  host: {
    class:
      'flex w-full items-center gap-2 rounded-md px-2 py-1.5 text-left text-[13px] hover:bg-sunken focus-visible:bg-sunken focus-visible:outline-none',
  },
})
export class UiMenuItem {}

/** Scrolls on its own when it is wider than the screen, so that the page never does; focusable and named for the keyboard. */
@Directive({
  selector: '[uiTableScroll]',
  host: {
    class: 'relative block overflow-x-auto rounded-b-xl',
    tabindex: '0',
    role: 'region',
    '[attr.aria-label]': 'uiTableScroll()',
  },
})
export class UiTableScroll {
  readonly uiTableScroll = input.required<string>();
}

const NOTE = {
  info: 'border-line bg-sunken text-muted',
  warn: 'border-warn/25 bg-warn-soft text-warn',
  bad: 'border-bad/25 bg-bad-soft text-bad',
  ok: 'border-ok/25 bg-ok-soft text-ok',
} as const;

@Directive({ selector: '[uiNote]', host: { '[class]': 'classes()' } })
export class UiNote {
  readonly uiNote = input.required<keyof typeof NOTE>();
  protected readonly classes = computed(
    () => `flex gap-2 rounded-lg border px-3 py-2 ${NOTE[this.uiNote()]}`,
  );
}
