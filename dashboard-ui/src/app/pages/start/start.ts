import { Component, computed, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api, type Schemas } from '../../api/client';
import { exactUsd, nano } from '../../core/money';
import { Session } from '../../session/session';
import { UiButton, UiCodeLine, UiIcon, UiLoadState, UiNote } from '../../ui';
import { SecretForm } from '../vault/secret-form';
import { StartKey } from './start-key';
import { StartProject } from './start-project';
import { StartStep } from './start-step';

/** Three steps to a running agent. What was done before is found and ticked off, so that the page can be left and opened again. */
@Component({
  selector: 'app-start',
  imports: [
    RouterLink,
    SecretForm,
    StartKey,
    StartProject,
    StartStep,
    UiButton,
    UiCodeLine,
    UiIcon,
    UiLoadState,
    UiNote,
  ],
  templateUrl: './start.html',
})
export class Start {
  protected readonly session = inject(Session);
  private readonly api = inject(Api);
  protected readonly projects = this.api.get('/v1/projects', () => ({ query: { limit: 200 } }), [
    'projects',
    'leases',
  ]);
  /** The project that was made here; else the first one that there is. */
  private readonly chosenId = signal<string | undefined>(undefined);
  protected readonly project = computed(() => {
    const items = this.projects.value()?.items ?? [];
    return items.find(({ id }) => id === this.chosenId()) ?? items[0];
  });
  protected readonly funded = computed(() => {
    const project = this.project();
    return project !== undefined && nano(project.balance.deposited) > 0n;
  });
  protected readonly secrets = this.api.get(
    '/v1/secrets',
    () => {
      const project = this.project();
      return project && { query: { projectId: project.id } };
    },
    ['secrets'],
  );
  protected readonly secret = computed(() => this.secrets.value()?.items[0]);
  protected readonly created = signal<Schemas['CreatedKey'] | undefined>(undefined);
  protected readonly mayAll = computed(
    () =>
      this.session.can('project:write') &&
      this.session.can('secret:write') &&
      this.session.can('key:write'),
  );
  protected readonly keyProject = computed(() =>
    this.session.can('key:write') ? this.project() : undefined,
  );
  protected readonly step = computed(() => {
    if (!this.funded()) return 1;
    if (!this.secret()) return 2;
    return this.created() ? 4 : 3;
  });
  protected readonly free = computed(() =>
    exactUsd(nano(this.project()?.balance.available ?? '0')),
  );
  protected readonly shellLines = computed(() =>
    [
      `export IRON_CAGE_URL=${location.origin}`,
      `export IRON_CAGE_KEY=${this.created()?.secret ?? ''}`,
      'npm install @iron-cage/sdk',
    ].join('\n'),
  );
  protected readonly importLine = "import '@iron-cage/sdk/auto';";
  protected readonly agentRuns = computed(() => (this.project()?.activeAgents ?? 0) > 0);

  protected useProject(id: string): void {
    this.chosenId.set(id);
    this.projects.reload();
  }
}
