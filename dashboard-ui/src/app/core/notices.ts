import { inject, Injectable, signal } from '@angular/core';
import { LiveAnnouncer } from '@angular/cdk/a11y';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'ok' | 'bad';
}

const SHOWN_MS = 6_000;

/** Short messages about what just happened; shown in the corner and read out. */
@Injectable({ providedIn: 'root' })
export class Notices {
  private readonly announcer = inject(LiveAnnouncer);
  private readonly list = signal<readonly Notice[]>([]);
  private nextId = 1;
  readonly notices = this.list.asReadonly();

  done(text: string): void {
    this.show(text, 'ok');
  }

  failed(text: string): void {
    this.show(text, 'bad');
  }

  dismiss(id: number): void {
    this.list.update((all) => all.filter((notice) => notice.id !== id));
  }

  private show(text: string, tone: Notice['tone']): void {
    const id = this.nextId++;
    this.list.update((all) => [...all.slice(-2), { id, text, tone }]);
    void this.announcer.announce(text, tone === 'bad' ? 'assertive' : 'polite');
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }
}
