import { Component, computed, inject, input, linkedSignal } from '@angular/core';
import { Api } from '../../api/client';
import { AddressQuery } from '../../core/address-query';
import {
  UiBadge,
  UiButton,
  UiEmpty,
  UiInput,
  UiLoadState,
  UiSearch,
  UiSection,
  UiTableScroll,
} from '../../ui';
import { ProjectSelect } from '../projects/project-select';
import { listedText } from './listed-price';
import { PriceRules } from './price-rules';

const FIRST_ROWS = 50;
const MORE_ROWS = 500;

@Component({
  selector: 'app-prices',
  imports: [
    PriceRules,
    ProjectSelect,
    UiBadge,
    UiButton,
    UiEmpty,
    UiInput,
    UiLoadState,
    UiSearch,
    UiSection,
    UiTableScroll,
  ],
  template: `<app-price-rules (changed)="list.reload()" />
    <ui-section heading="Prices" [level]="1" [note]="note()">
      <ng-container sectionActions>
        <select uiInput class="w-40!" aria-label="Provider" (change)="choose($event)">
          <option value="" [selected]="!provider()">All providers</option>
          @for (name of providers(); track name) {
            <option [value]="name" [selected]="name === provider()">{{ name }}</option>
          }
        </select>
        <app-project-select
          class="w-40!"
          label="Project"
          none="All projects"
          [value]="project() ?? ''"
          (valueChange)="address.set({ project: $event })"
        />
        <ui-search
          label="Search models"
          [value]="search() ?? ''"
          (searched)="address.set({ search: $event })"
        />
      </ng-container>
      <ui-load-state [of]="list" what="prices" [rows]="8" />
      @if (list.value() && rows().length === 0) {
        <ui-empty
          icon="tags"
          heading="No model has that in its name"
          text="A model without a price cannot be used by agents, because its cost could not be counted."
        >
          <button uiButton type="button" (click)="address.set({ search: '', provider: '' })">
            Show all prices
          </button>
        </ui-empty>
      } @else if (rows().length > 0) {
        <div uiTableScroll="Prices, table">
          <table class="table sm:min-w-[760px]">
            <caption class="sr-only">
              US dollars for a million tokens
            </caption>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" class="max-sm:hidden">Provider</th>
                <th scope="col" class="text-right">
                  Input<span class="max-sm:sr-only">, 1M tokens</span>
                </th>
                <th scope="col" class="text-right max-sm:hidden">Cached input, 1M</th>
                <th scope="col" class="text-right">
                  Output<span class="max-sm:sr-only">, 1M tokens</span>
                </th>
                <th scope="col" class="text-right max-sm:hidden">Context</th>
                <th scope="col" class="text-right max-sm:hidden">Longest answer</th>
              </tr>
            </thead>
            <tbody>
              @for (row of shownRows(); track row.provider + row.model) {
                <tr>
                  <td class="max-w-40 font-medium sm:max-w-72">
                    <div class="truncate">{{ row.model }}</div>
                    <div class="text-xs font-normal text-muted sm:hidden">{{ row.provider }}</div>
                    @if (row.text.others) {
                      <div
                        class="text-xs font-normal whitespace-normal tabular-nums"
                        [class.text-muted]="!row.text.isByUnit"
                      >
                        {{ row.text.others }}
                      </div>
                    }
                    @if (row.source === 'override') {
                      <ui-badge tone="accent">own rates</ui-badge>
                    }
                  </td>
                  <td class="text-muted max-sm:hidden">{{ row.provider }}</td>
                  <td class="text-right">{{ row.text.input }}</td>
                  <td class="text-right max-sm:hidden">{{ row.text.cached }}</td>
                  <td class="text-right">{{ row.text.output }}</td>
                  <td class="text-right text-muted max-sm:hidden">
                    {{ tokens(row.contextTokens) }}
                  </td>
                  <td class="text-right text-muted max-sm:hidden">
                    {{ tokens(row.maxOutputTokens) }}
                  </td>
                </tr>
              }
            </tbody>
          </table>
        </div>
        @if (rows().length > shownRows().length) {
          <div class="flex justify-center border-t p-3">
            <button uiButton type="button" (click)="showMore()">
              Show more of {{ rows().length.toLocaleString('en-US') }}
            </button>
          </div>
        }
      }
    </ui-section>`,
})
export class Prices {
  readonly search = input<string>();
  readonly provider = input<string>();
  /** Whose own rates and mark-up are contained; the organization's unless given. */
  readonly project = input<string>();
  protected readonly address = inject(AddressQuery);
  private readonly api = inject(Api);
  protected readonly list = this.api.get('/v1/prices', () => ({
    query: {
      search: this.search(),
      provider: this.provider(),
      projectId: this.project(),
    },
  }));
  private readonly known = this.api.get('/v1/prices', () => ({
    query: { basis: 'list' as const },
  }));
  protected readonly rows = computed(() => this.list.value()?.items ?? []);
  protected readonly shown = linkedSignal({
    source: () => this.search(),
    computation: () => FIRST_ROWS,
  });
  protected readonly shownRows = computed(() =>
    this.rows()
      .slice(0, this.shown())
      .map((row) => ({ ...row, text: listedText(row) })),
  );
  protected readonly providers = computed(() =>
    [...new Set((this.known.value()?.items ?? []).map(({ provider }) => provider))].sort(),
  );
  protected readonly note = computed(() => {
    const answer = this.list.value();
    if (!answer) return '';
    const { items, version, markupBasisPoints } = answer;
    const markup = markupBasisPoints > 0 ? `, with the mark-up of ${markupBasisPoints / 100}%` : '';
    return `${items.length.toLocaleString('en-US')} models, version ${version}${markup}`;
  });

  protected tokens(value: number | null): string {
    return value === null ? '–' : value.toLocaleString('en-US');
  }

  protected showMore(): void {
    this.shown.update((count) => count + MORE_ROWS);
  }

  protected choose(event: Event): void {
    this.address.set({ provider: (event.target as HTMLSelectElement).value });
  }
}
