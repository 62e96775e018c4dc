import { Component } from '@angular/core';

/** The mark: a cage of bars under an arch. */
@Component({
  selector: 'ui-logo',
  host: { 'aria-hidden': 'true', class: 'inline-block size-7 shrink-0' },
  template: `<svg viewBox="0 0 32 32" class="size-full">
    <rect width="32" height="32" rx="8" class="fill-accent" />
    <g fill="none" class="stroke-accent-fg" stroke-width="2.2" stroke-linecap="round">
      <path d="M8 24.5V15a8 8 0 0 1 16 0v9.5" />
      <path d="M6.5 24.5h19" />
      <path d="M13.4 24V8.4M18.6 24V8.4" />
      <path d="M8.4 16h15.2" />
    </g>
  </svg>`,
})
export class UiLogo {}
