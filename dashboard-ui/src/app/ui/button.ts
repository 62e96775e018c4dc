import { computed, Directive, input } from '@angular/core';

const BASE =
  'inline-flex items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap transition-colors select-none disabled:pointer-events-none disabled:opacity-50 ';
const VARIANT = {
  primary: 'bg-accent text-accent-fg shadow-xs hover:bg-accent-strong',
  outline: 'border border-line-strong bg-surface hover:bg-sunken',
  ghost: 'text-muted hover:bg-sunken hover:text-fg',
  danger: 'bg-bad text-surface hover:bg-bad/90',
  /** Leads to a dialog that asks before anything is lost. */
  dangerous: 'border border-line-strong bg-surface text-bad hover:border-bad/40 hover:bg-bad-soft',
} as const;
const SIZE = {
  lg: 'h-10 px-4 text-sm',
  md: 'h-9 px-3 text-[13px]',
  sm: 'h-7 px-2.5 text-xs',
  icon: 'size-8',
} as const;

@Directive({ selector: 'button[uiButton],a[uiButton]', host: { '[class]': 'classes()' } })
export class UiButton {
  readonly variant = input<keyof typeof VARIANT>('outline');
  readonly size = input<keyof typeof SIZE>('md');
  protected readonly classes = computed(
    () => `${BASE}${VARIANT[this.variant()]} ${SIZE[this.size()]}`,
  );
}

/** The buttons at the end of a row: beside each other, and in a table on a phone below each other. */
@Directive({
  selector: '[uiRowActions]',
  host: {
    class: 'flex flex-wrap gap-2 [td_&]:flex-nowrap [td_&]:justify-end [td_&]:max-sm:flex-col',
  },
})
export class UiRowActions {}

/** One of them. It shows a verb; its name for screen readers also says of what: `<button [uiRowAction]="'Edit ' + name">Edit</button>`. */
@Directive({
  selector: 'button[uiRowAction]',
  host: { type: 'button', '[class]': 'classes()', '[attr.aria-label]': 'uiRowAction()' },
})
export class UiRowAction {
  readonly uiRowAction = input.required<string>();
  readonly variant = input<keyof typeof VARIANT>('outline');
  protected readonly classes = computed(() => `${BASE}${VARIANT[this.variant()]} ${SIZE.sm}`);
}
