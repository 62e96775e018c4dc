import { Component, computed, inject, input, model, signal } from '@angular/core';
import type { FormValueControl } from '@angular/forms/signals';
import { Api } from '../../api/client';
import { UiInput, UiSearch } from '../../ui';

const MOST_OPTIONS = 200;

/** Chooses a project by name; above 200 projects a search narrows the list. */
@Component({
  selector: 'app-project-select',
  imports: [UiInput, UiSearch],
  host: { class: 'grid gap-1.5' },
  template: `@if (many()) {
      <ui-search class="w-full!" label="Search projects" (searched)="search.set($event)" />
    }
    <select
      uiInput
      [attr.aria-label]="label() || null"
      (change)="choose($event)"
      (blur)="touched.set(true)"
    >
      <option value="" [selected]="value() === ''">{{ none() }}</option>
      @for (project of options(); track project.id) {
        <option [value]="project.id" [selected]="project.id === value()">{{ project.name }}</option>
      }
    </select>`,
})
export class ProjectSelect implements FormValueControl<string> {
  readonly value = model('');
  readonly touched = model(false);
  readonly none = input('Choose a project');
  /** Only where no `ui-field` names it. */
  readonly label = input('');
  protected readonly search = signal('');
  private readonly list = inject(Api).get('/v1/projects', () => ({
    query: { search: this.search(), limit: MOST_OPTIONS },
  }));
  protected readonly many = computed(
    () => this.search() !== '' || Boolean(this.list.value()?.nextCursor),
  );
  protected readonly options = computed(() =>
    (this.list.value()?.items ?? []).filter(({ state }) => state !== 'archived'),
  );

  protected choose(event: Event): void {
    this.value.set((event.target as HTMLSelectElement).value);
  }
}
