import { effect, Injectable, signal } from '@angular/core';

export type Theme = 'system' | 'light' | 'dark';
/** Shared with public/theme-init.js, which sets the theme before the first paint. */
const STORAGE_KEY = 'iron-cage.theme';

@Injectable({ providedIn: 'root' })
export class ThemeStore {
  readonly theme = signal<Theme>(storedTheme());
  private readonly system = matchMedia('(prefers-color-scheme: dark)');
  private readonly systemDark = signal(this.system.matches);

  constructor() {
    this.system.addEventListener('change', (event) => this.systemDark.set(event.matches));
    effect(() => {
      try {
        localStorage.setItem(STORAGE_KEY, this.theme());
      } catch {
        // Storage may be blocked by the browser; the choice then lasts until the page is closed.
      }
      document.documentElement.classList.toggle('dark', this.dark());
    });
  }

  dark(): boolean {
    return this.theme() === 'dark' || (this.theme() === 'system' && this.systemDark());
  }

  toggle(): void {
    this.theme.set(this.dark() ? 'light' : 'dark');
  }
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    return 'system';
  }
}
