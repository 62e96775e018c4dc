import { computed, inject, Injectable, signal } from '@angular/core';
import { Api } from '../../api/client';

/** The project that the page is about; provided by the page, read by its parts. */
@Injectable()
export class ProjectStore {
  readonly id = signal<string | undefined>(undefined);
  private readonly api = inject(Api);
  readonly loaded = this.api.get(
    '/v1/projects/{projectId}',
    () => {
      const projectId = this.id();
      return projectId === undefined ? undefined : { path: { projectId } };
    },
    ['projects', 'leases', 'usage'],
  );
  readonly project = computed(() => this.loaded.value());

  reload(): void {
    this.loaded.reload();
  }
}
