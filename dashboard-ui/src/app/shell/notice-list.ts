import { Component, inject } from '@angular/core';
import { Notices } from '../core/notices';
import { UiIcon } from '../ui/icon';

@Component({
  selector: 'app-notice-list',
  imports: [UiIcon],
  host: {
    '[attr.role]': "notices.notices().length > 0 ? 'region' : null",
    '[attr.aria-label]': "notices.notices().length > 0 ? 'Notices' : null",
    class:
      'pointer-events-none fixed inset-x-4 bottom-4 z-60 grid justify-items-end gap-2 sm:left-auto',
  },
  template: `@for (notice of notices.notices(); track notice.id) {
    <div
      class="pointer-events-auto flex max-w-sm items-start gap-2 rounded-lg border bg-surface py-2.5 pr-2 pl-3 shadow-lg"
    >
      <ui-icon
        [name]="notice.tone === 'ok' ? 'circle-check' : 'circle-alert'"
        class="mt-0.5"
        [class]="notice.tone === 'ok' ? 'text-ok' : 'text-bad'"
      />
      <p class="min-w-0 flex-1">{{ notice.text }}</p>
      <button
        type="button"
        class="rounded p-0.5 text-muted hover:text-fg"
        aria-label="Dismiss"
        (click)="notices.dismiss(notice.id)"
      >
        <ui-icon name="x" />
      </button>
    </div>
  }`,
})
export class NoticeList {
  protected readonly notices = inject(Notices);
}
