import { Injectable } from '@angular/core';

const KEY = 'iron-cage.signed-in';

/**
 * Remembers in the browser *that* somebody signed in here (nothing else), so that a first visit asks for no refresh that must fail, and
 * that signing out in one tab signs out the others.
 */
@Injectable({ providedIn: 'root' })
export class SignedInHint {
  present(): boolean {
    try {
      return localStorage.getItem(KEY) !== null;
    } catch {
      // Storage is blocked: the refresh cookie may still be there, so try it.
      return true;
    }
  }

  set(): void {
    try {
      localStorage.setItem(KEY, '1');
    } catch {
      // See present().
    }
  }

  remove(): void {
    try {
      localStorage.removeItem(KEY);
    } catch {
      // See present().
    }
  }

  onRemovedElsewhere(listener: () => void): void {
    window.addEventListener('storage', (event) => {
      if (event.key === KEY && event.newValue === null) listener();
    });
  }
}
