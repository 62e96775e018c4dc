import { Component, DestroyRef, inject, input, linkedSignal, output } from '@angular/core';
import { UiInput } from './field';
import { UiIcon } from './icon';

const WAIT_MS = 200;

/** A search field that speaks when the typing pauses. */
@Component({
  selector: 'ui-search',
  imports: [UiIcon, UiInput],
  host: { class: 'relative block min-w-44 flex-1 sm:w-60 sm:flex-none' },
  template: `<ui-icon
      name="search"
      class="pointer-events-none absolute top-2.5 left-2.5 text-muted"
    />
    <input
      uiInput
      class="pl-8!"
      type="search"
      autocomplete="off"
      [attr.aria-label]="label()"
      [placeholder]="label()"
      [value]="text()"
      (input)="type($event)"
    />`,
})
export class UiSearch {
  readonly label = input.required<string>();
  readonly value = input<string>('');
  readonly searched = output<string>();
  protected readonly text = linkedSignal(() => this.value());
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => clearTimeout(this.timer));
  }

  protected type(event: Event): void {
    const text = (event.target as HTMLInputElement).value;
    this.text.set(text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.searched.emit(text), WAIT_MS);
  }
}
