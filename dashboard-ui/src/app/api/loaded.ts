import type { HttpResourceRef } from '@angular/common/http';
import { computed, effect, linkedSignal, type Signal, untracked } from '@angular/core';
import { apiError, type ApiError } from './api-error';

/** What a page sees of a request: the last good answer stays on screen while a newer one is on its way or has failed. */
export interface Loaded<T> {
  readonly value: Signal<T | undefined>;
  readonly error: Signal<ApiError | undefined>;
  readonly loading: Signal<boolean>;
  reload(): void;
}

interface Source<T> {
  readonly identity: string | undefined;
  readonly value: T | undefined;
}

/**
 * @param options.version moves when the answer may have changed on the server.
 * @param options.identity what the answer is about; with another identity the old answer is dropped instead of shown meanwhile.
 */
export function keepLast<T>(
  resource: HttpResourceRef<T | undefined>,
  options: { version: () => number; identity: () => string | undefined },
): Loaded<T> {
  const last = linkedSignal<Source<T>, Source<T>>({
    source: () => ({
      identity: options.identity(),
      value: resource.hasValue() ? resource.value() : undefined,
    }),
    computation: (now, before) =>
      now.value === undefined && before?.value.identity === now.identity
        ? (before?.value ?? now)
        : now,
  });
  // Remembers each answer when it comes, not only when somebody looks.
  effect(() => void last());
  let seen = untracked(options.version);
  effect(() => {
    const version = options.version();
    // A change while a request runs may be missing in its answer, so that one waits for the end and asks again.
    if (resource.isLoading() || version === seen) return;
    seen = version;
    untracked(() => resource.reload());
  });
  return {
    value: computed(() => last().value),
    error: computed(() => {
      const cause = resource.error();
      return cause && apiError(cause);
    }),
    loading: resource.isLoading,
    reload: () => void resource.reload(),
  };
}
