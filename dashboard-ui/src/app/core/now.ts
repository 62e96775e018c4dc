import { DestroyRef, inject, Injectable, signal } from '@angular/core';

/** The present, as a signal that moves once a second; everything that counts down reads it. */
@Injectable({ providedIn: 'root' })
export class Now {
  private readonly current = signal(Date.now());
  readonly ms = this.current.asReadonly();

  constructor() {
    const timer = setInterval(() => this.current.set(Date.now()), 1000);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
}
