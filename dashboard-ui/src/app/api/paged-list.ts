import { computed, effect, inject, untracked } from '@angular/core';
import { Pager } from '../core/pager';
import type { Topic } from '../live/live-topics';
import { Api, type Args, type Ok, type Op, type PathWith } from './client';
import type { Loaded } from './loaded';

const PAGE_SIZE = 50;

/** The part of a query that says which page. */
export interface PageAsked {
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** A list that comes in pages, and where in it the reader is. `ui-list` shows it. */
export interface PagedList<T> extends Loaded<T> {
  readonly pager: Pager;
}

/**
 * A reactive GET of a list that comes in pages; begins at the first page again when anything else that `args` reads changes. Call it
 * where components inject.
 *
 * @param args what to ask for, given the page; `undefined` means "not yet"
 * @param options.topics asks again when the server says that one of them changed
 * @param options.pageSize rows, 50 unless given
 */
export function pagedList<P extends PathWith<'get'>>(
  path: P,
  args: (page: PageAsked) => Args<Op<P, 'get'>> | undefined,
  options: { topics?: readonly Topic[]; pageSize?: number } = {},
): PagedList<Ok<Op<P, 'get'>>> {
  const { topics = [], pageSize: limit = PAGE_SIZE } = options;
  const pager = new Pager();
  const filter = computed(() => JSON.stringify(args({ cursor: undefined, limit })));
  // Made before the request's own effect, so that a new filter is never asked for with an old cursor.
  effect(() => {
    filter();
    untracked(() => pager.reset());
  });
  const list = inject(Api).get(path, () => args({ cursor: pager.cursor(), limit }), topics);
  return { ...list, pager };
}
