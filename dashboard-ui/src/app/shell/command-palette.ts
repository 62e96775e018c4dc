import { Component, computed, inject, signal } from '@angular/core';
import { DIALOG_DATA, DialogRef } from '@angular/cdk/dialog';
import { Api } from '../api/client';
import { UiIcon } from '../ui';
import type { NavItem } from './nav';

const MOST_PROJECTS = 20;

/** Pages and projects by name, without the mouse. Closes with the path to go to. */
@Component({
  selector: 'app-command-palette',
  imports: [UiIcon],
  host: {
    class:
      'block w-[min(34rem,calc(100vw-2rem))] overflow-hidden rounded-xl border bg-surface shadow-2xl',
  },
  template: `<div class="flex items-center gap-2 border-b px-3">
      <ui-icon name="search" class="text-muted" /><input
        class="h-11 flex-1 bg-transparent text-sm outline-none"
        placeholder="Type a page or a project"
        role="combobox"
        aria-expanded="true"
        aria-controls="command-list"
        aria-autocomplete="list"
        aria-label="Page or project"
        autocomplete="off"
        [attr.aria-activedescendant]="hits().length ? 'command-' + active() : null"
        (input)="type($event)"
        (keydown)="key($event)"
      />
    </div>
    <ul id="command-list" role="listbox" aria-label="Results" class="max-h-80 overflow-auto p-1.5">
      @for (hit of hits(); track hit.path; let index = $index) {
        <!-- eslint-disable-next-line @angular-eslint/template/interactive-supports-focus -- focus stays in the combobox (aria-activedescendant) -->
        <li
          [id]="'command-' + index"
          role="option"
          [attr.aria-selected]="index === active()"
          class="flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 aria-selected:bg-accent-soft aria-selected:text-accent-text"
          (click)="ref.close(hit.path)"
          (keydown.enter)="ref.close(hit.path)"
          (pointermove)="active.set(index)"
        >
          <ui-icon [name]="hit.icon" />{{ hit.label
          }}<span class="ml-auto text-xs text-muted">{{ hit.kind }}</span>
        </li>
      } @empty {
        <li
          class="px-3 py-6 text-center text-muted"
          role="option"
          aria-selected="false"
          aria-disabled="true"
        >
          Nothing has that name.
        </li>
      }
    </ul>`,
})
export class CommandPalette {
  protected readonly ref = inject<DialogRef<string>>(DialogRef);
  private readonly pages = inject<readonly NavItem[]>(DIALOG_DATA);
  private readonly query = signal('');
  protected readonly active = signal(0);
  private readonly projects = inject(Api).get('/v1/projects', () => ({
    query: { search: this.query(), limit: MOST_PROJECTS },
  }));
  protected readonly hits = computed(() => {
    const query = this.query().toLowerCase();
    const pages = this.pages
      .filter(({ label }) => label.toLowerCase().includes(query))
      .map((page) => ({ ...page, kind: 'Page' }));
    const projects = (this.projects.value()?.items ?? [])
      .filter(({ name }) => name.toLowerCase().includes(query))
      .map(({ id, name }) => ({
        label: name,
        path: `/projects/${id}`,
        icon: 'folder' as const,
        kind: 'Project',
      }));
    return [...pages, ...projects];
  });

  protected type(event: Event): void {
    this.query.set((event.target as HTMLInputElement).value);
    this.active.set(0);
  }

  protected key(event: KeyboardEvent): void {
    const count = this.hits().length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : count - 1;
      if (count > 0) this.active.update((at) => (at + step) % count);
    } else if (event.key === 'Enter' && !event.isComposing) {
      const hit = this.hits()[this.active()];
      if (hit) this.ref.close(hit.path);
    }
  }
}
