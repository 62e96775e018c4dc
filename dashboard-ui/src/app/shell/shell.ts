import { Component, computed, effect, inject, signal } from '@angular/core';
import { CdkTrapFocus } from '@angular/cdk/a11y';
import { Dialog } from '@angular/cdk/dialog';
import { CdkMenu, CdkMenuItem, CdkMenuTrigger } from '@angular/cdk/menu';
import { NgTemplateOutlet } from '@angular/common';
import { toSignal } from '@angular/core/rxjs-interop';
import {
  NavigationEnd,
  Router,
  RouterLink,
  RouterLinkActive,
  RouterOutlet,
  TitleStrategy,
} from '@angular/router';
import { filter, map } from 'rxjs';
import { Notices } from '../core/notices';
import { ThemeStore } from '../core/theme';
import { apiError } from '../api/api-error';
import { Live } from '../live/live';
import { Session } from '../session/session';
import { UiButton, UiIcon, UiLogo, UiMenu, UiMenuItem } from '../ui';
import { LiveIndicator } from './live-indicator';
import { GET_STARTED, NAV } from './nav';
import { NoticeList } from './notice-list';

@Component({
  selector: 'app-shell',
  imports: [
    CdkMenu,
    CdkMenuItem,
    CdkMenuTrigger,
    CdkTrapFocus,
    LiveIndicator,
    NgTemplateOutlet,
    NoticeList,
    RouterLink,
    RouterLinkActive,
    RouterOutlet,
    UiButton,
    UiIcon,
    UiLogo,
    UiMenu,
    UiMenuItem,
  ],
  providers: [Live],
  host: { '(document:keydown)': 'onKey($event)' },
  templateUrl: './shell.html',
})
export class Shell {
  protected readonly session = inject(Session);
  protected readonly theme = inject(ThemeStore);
  protected readonly open = signal(false);
  protected readonly modifier = /mac/i.test(navigator.userAgent) ? '⌘' : 'Ctrl ';
  protected readonly nav = computed(() =>
    NAV.map(({ group, items }) => ({
      group,
      items: items.filter(({ needs }) => needs === undefined || this.session.can(needs)),
    })),
  );
  protected readonly initials = computed(() =>
    (this.session.user()?.name ?? '?')
      .split(/\s+/)
      .map((word) => word.charAt(0).toUpperCase())
      .slice(0, 2)
      .join(''),
  );
  private leaving = false;
  private readonly router = inject(Router);
  private readonly dialog = inject(Dialog);
  private readonly notices = inject(Notices);
  private readonly titles = inject(TitleStrategy);
  protected readonly title = toSignal(
    this.router.events.pipe(
      filter((event) => event instanceof NavigationEnd),
      map(() => this.currentTitle()),
    ),
    { initialValue: this.currentTitle() },
  );

  constructor() {
    // Signed out elsewhere, in another tab or by the server: what is on screen is no longer ours to show.
    effect(() => {
      if (this.session.signedIn()) return;
      const queryParams = this.leaving ? {} : { next: this.router.url };
      void this.router.navigate(['/login'], { queryParams });
    });
  }

  protected skip(event: Event): void {
    event.preventDefault();
    document.getElementById('main')?.focus();
  }

  protected onKey(event: KeyboardEvent): void {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      void this.palette();
    }
  }

  protected async palette(): Promise<void> {
    if (this.dialog.openDialogs.length > 0) return;
    const { CommandPalette } = await import('./command-palette');
    const pages = [...this.nav().flatMap(({ items }) => items), GET_STARTED];
    this.dialog
      .open<string>(CommandPalette, { ariaLabel: 'Command palette', data: pages })
      .closed.subscribe((path) => {
        if (path !== undefined) void this.router.navigateByUrl(path);
      });
  }

  protected async logout(): Promise<void> {
    this.leaving = true;
    try {
      await this.session.logout();
    } catch (cause) {
      this.leaving = false;
      this.notices.failed(`You are still signed in. ${apiError(cause).message}`);
    }
  }

  private currentTitle(): string | undefined {
    return this.titles.buildTitle(this.router.routerState.snapshot);
  }
}
