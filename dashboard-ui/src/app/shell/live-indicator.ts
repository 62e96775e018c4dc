import { Component, computed, inject } from '@angular/core';
import { Live } from '../live/live';

const VIEW = {
  connecting: { text: 'Connecting', dot: 'bg-muted', hint: 'Opening the live connection.' },
  live: { text: 'Live', dot: 'bg-ok', hint: 'Changes appear by themselves.' },
  reconnecting: {
    text: 'Reconnecting',
    dot: 'bg-warn animate-pulse',
    hint: 'The live connection was lost. What you see may be some seconds old.',
  },
  offline: {
    text: 'Offline',
    dot: 'bg-bad',
    hint: 'The server does not answer. What you see is out of date; this page keeps trying.',
  },
} as const;

@Component({
  selector: 'app-live-indicator',
  host: { role: 'status', class: 'inline-flex', '[attr.title]': 'view().hint' },
  template: `<span
    class="inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium text-muted"
    ><span class="size-1.5 rounded-full" [class]="view().dot" aria-hidden="true"></span
    >{{ view().text }}</span
  >`,
})
export class LiveIndicator {
  private readonly live = inject(Live);
  protected readonly view = computed(() => VIEW[this.live.state()]);
}
