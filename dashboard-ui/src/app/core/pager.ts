import { computed, signal } from '@angular/core';

/** Walks a cursor-paged list: the server only says what comes next, so the way back is remembered here. */
export class Pager {
  private readonly passed = signal<readonly (string | undefined)[]>([]);
  private readonly current = signal<string | undefined>(undefined);
  readonly cursor = this.current.asReadonly();
  readonly pageNumber = computed(() => this.passed().length + 1);
  readonly isFirst = computed(() => this.passed().length === 0);

  next(nextCursor: string): void {
    this.passed.update((all) => [...all, this.current()]);
    this.current.set(nextCursor);
  }

  previous(): void {
    const before = this.passed().at(-1);
    this.passed.update((all) => all.slice(0, -1));
    this.current.set(before);
  }

  reset(): void {
    this.passed.set([]);
    this.current.set(undefined);
  }
}
