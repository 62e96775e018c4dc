import { Component, computed, Directive, inject, input } from '@angular/core';

/** What a field of a signal form says about itself. */
interface FieldState {
  touched(): boolean;
  invalid(): boolean;
  errors(): readonly { message?: string | undefined }[];
}

let nextId = 1;

/** Label, control, hint and error, wired together for screen readers: `<ui-field label="Name" [of]="f.name"><input uiInput …>`. */
@Component({
  selector: 'ui-field',
  host: { class: 'grid content-start gap-1.5' },
  template: `<label [attr.for]="controlId" class="font-medium"
      >{{ label() }}
      @if (optional()) {
        <span class="font-normal text-muted">(optional)</span>
      }
    </label>
    <ng-content />
    @if (error(); as message) {
      <p [id]="messageId" class="text-xs text-bad">{{ message }}</p>
    } @else if (hint()) {
      <p [id]="messageId" class="text-xs text-muted">{{ hint() }}</p>
    }`,
})
export class UiField {
  readonly label = input.required<string>();
  readonly hint = input('');
  readonly optional = input(false);
  readonly of = input<() => FieldState>();
  readonly controlId = `field-${nextId++}`;
  readonly messageId = `${this.controlId}-message`;
  readonly error = computed(() => {
    const state = this.of()?.();
    if (!state?.touched() || !state.invalid()) return undefined;
    return state.errors()[0]?.message ?? 'Check this field.';
  });
  readonly describedBy = computed(() => (this.error() || this.hint() ? this.messageId : null));
}

@Directive({
  selector: 'input[uiInput],select[uiInput],textarea[uiInput]',
  host: {
    class:
      'h-9 w-full rounded-md border border-field bg-surface px-2.5 text-[13px] shadow-xs [textarea&]:h-auto [textarea&]:min-h-18 [textarea&]:py-1.5 placeholder:text-muted aria-invalid:border-bad disabled:bg-sunken disabled:text-muted disabled:shadow-none focus-visible:outline-2 focus-visible:-outline-offset-1',
    '[attr.id]': 'field?.controlId ?? null',
    '[attr.aria-invalid]': 'field?.error() ? true : null',
    '[attr.aria-describedby]': 'field?.describedBy() ?? null',
  },
})
export class UiInput {
  protected readonly field = inject(UiField, { optional: true });
}
