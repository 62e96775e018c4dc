import { Component, computed, effect, inject, input } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { toSignal } from '@angular/core/rxjs-interop';
import { Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { Session } from '../../session/session';
import { UiBadge, UiButton, UiIcon, UiLoadState, UiNote } from '../../ui';
import { ProjectActions } from '../projects/project-actions';
import { stateLabel, stateTone } from '../projects/project-view';
import { ProjectBalance } from './project-balance';
import { ProjectStore } from './project-store';

@Component({
  selector: 'app-project',
  imports: [
    ProjectBalance,
    RouterLink,
    RouterLinkActive,
    RouterOutlet,
    UiBadge,
    UiButton,
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
    @if (store.project(); as project) {
      <div class="mt-1 mb-4 flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 class="min-w-0 text-xl font-semibold tracking-tight break-words">{{ project.name }}</h1>
        <ui-badge [tone]="stateTone[project.state]">{{ stateLabel[project.state] }}</ui-badge>
        @if (project.state !== 'archived') {
          <div class="ml-auto flex flex-wrap gap-2">
            @if (session.can('money:write')) {
              <button uiButton type="button" (click)="transfer('deposit')">
                <ui-icon name="arrow-down-to-line" />Deposit
              </button>
              <button uiButton type="button" (click)="transfer('withdraw')">
                <ui-icon name="arrow-up-from-line" />Withdraw
              </button>
              <button uiButton type="button" (click)="correct()">
                <ui-icon name="pencil" />Correct
              </button>
            }
            @if (session.can('project:write')) {
              <button uiButton type="button" (click)="archive()">Archive</button>
            }
            @if (session.can('project:pause')) {
              <button
                uiButton
                type="button"
                [variant]="project.state === 'paused' ? 'primary' : 'outline'"
                (click)="toggle()"
              >
                <ui-icon [name]="project.state === 'paused' ? 'circle-play' : 'circle-pause'" />{{
                  project.state === 'paused' ? 'Resume' : 'Pause'
                }}
              </button>
            }
          </div>
        }
      </div>
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
      <nav aria-label="Parts of the project" class="mt-6 mb-4 flex gap-4 overflow-x-auto border-b">
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
  protected readonly session = inject(Session);
  protected readonly store = inject(ProjectStore);
  protected readonly stateTone = stateTone;
  protected readonly stateLabel = stateLabel;
  protected readonly tabs = [
    { label: 'Usage', path: './' },
    { label: 'Keys', path: 'keys' },
    { label: 'Secrets', path: 'secrets' },
    { label: 'Budgets', path: 'budgets' },
    { label: 'Ledger', path: 'ledger' },
    { label: 'Policy', path: 'policy' },
  ];
  private readonly actions = inject(ProjectActions);
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

  protected async transfer(kind: 'deposit' | 'withdraw'): Promise<void> {
    const project = this.store.project();
    if (project && (await this.actions.transfer(project, kind))) this.store.reload();
  }

  protected async correct(): Promise<void> {
    const project = this.store.project();
    if (project && (await this.actions.correct(project))) this.store.reload();
  }

  protected async archive(): Promise<void> {
    const project = this.store.project();
    if (project && (await this.actions.archive(project))) this.store.reload();
  }

  protected async toggle(): Promise<void> {
    const project = this.store.project();
    if (!project) return;
    const changed =
      project.state === 'paused'
        ? await this.actions.resume(project)
        : await this.actions.pause(project);
    if (changed) this.store.reload();
  }
}
