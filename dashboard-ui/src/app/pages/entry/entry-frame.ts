import { Component } from '@angular/core';
import { UiLogo } from '../../ui';

/** Frame of the pages before the sign-in: the form on one side, the mark of the product on the other. */
@Component({
  selector: 'app-entry-frame',
  imports: [UiLogo],
  host: { class: 'grid min-h-dvh lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]' },
  template: `<main class="flex flex-col px-5 py-6 sm:px-10">
      <div class="flex items-center gap-2.5 text-base font-semibold">
        <ui-logo class="size-8!" />Iron Cage
      </div>
      <div class="m-auto w-full max-w-sm py-10"><ng-content /></div>
    </main>
    <aside
      class="relative hidden overflow-hidden bg-ink text-ink-fg lg:block"
      aria-label="About Iron Cage"
    >
      <svg
        class="absolute inset-0 size-full"
        viewBox="0 60 600 780"
        preserveAspectRatio="xMidYMax slice"
        fill="none"
        aria-hidden="true"
      >
        <g class="stroke-ink-bar" stroke-width="14" stroke-linecap="round">
          <path d="M60 840V380a240 240 0 0 1 480 0v460" />
          @for (bar of bars; track bar.x) {
            <path [attr.d]="'M' + bar.x + ' 840V' + bar.top" />
          }
          <path d="M62 430h476M60 640h480" stroke-width="9" />
        </g>
        <circle cx="300" cy="118" r="20" class="stroke-ink-bar" stroke-width="10" />
        <circle cx="300" cy="535" r="46" class="fill-accent" />
        <circle
          cx="300"
          cy="535"
          r="46"
          class="stroke-ink-fg"
          stroke-opacity=".25"
          stroke-width="2"
        />
        <g
          class="stroke-accent-fg"
          stroke-width="2"
          stroke-linecap="round"
          stroke-linejoin="round"
          transform="translate(276 510) scale(2)"
        >
          <rect x="3" y="11" width="18" height="11" rx="2" />
          <path d="M7 11V7a5 5 0 0 1 10 0v4M12 15.5v2" />
        </g>
      </svg>
      <div
        class="absolute inset-x-0 bottom-0 bg-linear-to-t from-ink via-ink/95 to-transparent p-10 pt-32"
      >
        <p class="max-w-md text-2xl leading-snug font-semibold tracking-tight text-balance">
          Keys, budgets and a kill switch for your AI agents.
        </p>
        <p class="mt-3 max-w-md text-sm text-ink-muted">
          Agents borrow small amounts in advance and talk to their providers directly. Pause a
          project and they stop within two seconds.
        </p>
      </div>
    </aside>`,
})
export class EntryFrame {
  protected readonly bars = [140, 220, 300, 380, 460].map((x) => ({
    x,
    top: Math.round(380 - Math.sqrt(240 ** 2 - (x - 300) ** 2)),
  }));
}
