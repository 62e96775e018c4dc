import { Component, computed, effect, inject, input } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { toSignal } from '@angular/core/rxjs-interop';
import { Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { UiIcon, UiLoadState, UiNote } from '../../ui';
import { ProjectBalance } from './project-balance';
import { ProjectHeader } from './project-header';
import { ProjectStore } from './project-store';

@Component({
  selector: 'app-project',
  imports: [
    ProjectBalance,
    ProjectHeader,
    RouterLink,
    RouterLinkActive,
    RouterOutlet,
    UiIcon,
    UiLoadState,
    UiNote,
  ],
  providers: [ProjectStore],
  template: `<a
      routerLink="/projects"
      class="link inline-flex items-center gap-1 text-xs text-muted"
      ><ui-icon name="chevron-left" class="size-3.5!" />All projects</a
    >
    <ui-load-state [of]="store.loaded" what="the project" />
    @if (!store.project()) {
      <h1 class="sr-only">Project</h1>
    }
    @if (store.project(); as project) {
      <app-project-header [project]="project" (changed)="store.reload()" />
      @if (project.state === 'paused') {
        <p uiNote="warn" class="mb-4">
          <ui-icon name="circle-pause" class="mt-0.5" />
          <span
            >No money is leased while the project is paused.
            @if (project.pauseReason) {
              Reason: {{ project.pauseReason }}
            }
          </span>
        </p>
      }
      @if (project.policy.mode === 'observe') {
        <p uiNote="info" class="mb-4">
          <ui-icon name="circle-alert" class="mt-0.5" />This project only observes: nothing is
          refused for lack of money, and what would have been refused is recorded.
        </p>
      }
      <app-project-balance [project]="project" />
      <nav
        aria-label="Parts of the project"
        class="mt-6 mb-4 flex gap-2 overflow-x-auto border-b sm:gap-4"
      >
        @for (tab of tabs; track tab.path) {
          <a
            class="tab-link"
            [routerLink]="tab.path"
            routerLinkActive
            ariaCurrentWhenActive="page"
            [routerLinkActiveOptions]="{ exact: true }"
            >{{ tab.label }}</a
          >
        }
      </nav>
      <router-outlet />
    }`,
})
export class Project {
  /** From the address. */
  readonly projectId = input.required<string>();
  protected readonly store = inject(ProjectStore);
  protected readonly tabs = [
    { label: 'Usage', path: './' },
    { label: 'Keys', path: 'keys' },
    { label: 'Secrets', path: 'secrets' },
    { label: 'Budgets', path: 'budgets' },
    { label: 'Ledger', path: 'ledger' },
    { label: 'Policy', path: 'policy' },
  ];
  private readonly navigated = toSignal(inject(Router).events);
  private readonly name = computed(() => this.store.project()?.name);

  constructor() {
    const title = inject(Title);
    effect(() => this.store.id.set(this.projectId()));
    effect(() => {
      // Each step between the parts sets the route's title again.
      this.navigated();
      const name = this.name();
      if (name !== undefined) title.setTitle(`${name} · Iron Cage`);
    });
  }
}
