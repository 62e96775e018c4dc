import { Component, computed, input, signal } from '@angular/core';
import {
  type ChartKind,
  type Frame,
  highestValue,
  indexAt,
  linePaths,
  MARGIN,
  type Series,
  stackedBars,
  valueAt,
  xOf,
  xTicks,
  yOf,
  yTicks,
} from './chart-geometry';
import { UiChartTable } from './chart-table';
import { hostWidth } from './host-width';

export type { Series } from './chart-geometry';

/** As `w-72`. */
const TIP_WIDTH_PX = 288;

/**
 * One chart for lines and stacked bars. Colours are CSS variables (dark mode needs no code), the plot is SVG that Angular renders, the
 * cursor works with pointer and arrow keys and is announced, and the same data is there as a table.
 */
@Component({
  selector: 'ui-chart',
  imports: [UiChartTable],
  host: { class: 'block' },
  template: `<div class="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
      @if (series().length > 1) {
        @for (one of series(); track one.name) {
          <button
            type="button"
            class="inline-flex min-h-6 max-w-full items-center gap-1.5 rounded px-1 hover:bg-sunken aria-[pressed=false]:line-through"
            [attr.aria-pressed]="!hidden().has(one.name)"
            (click)="toggle(one.name)"
          >
            <span
              class="size-2.5 shrink-0 rounded-[3px]"
              [style.background]="one.color"
              aria-hidden="true"
            ></span
            ><span class="truncate">{{ one.name }}</span>
          </button>
        }
      }
      <button
        type="button"
        class="ml-auto rounded px-1 text-muted hover:text-fg"
        [attr.aria-expanded]="asTable()"
        [attr.aria-label]="(asTable() ? 'Show chart: ' : 'Show table: ') + label()"
        (click)="asTable.set(!asTable())"
      >
        {{ asTable() ? 'Show chart' : 'Show table' }}
      </button>
    </div>
    @if (asTable()) {
      <ui-chart-table
        [label]="label()"
        [xName]="xName()"
        [x]="x()"
        [series]="series()"
        [text]="text()"
      />
    } @else {
      <div
        class="relative rounded"
        tabindex="0"
        role="img"
        [attr.aria-label]="summary()"
        (pointermove)="move($event)"
        (pointerleave)="cursor.set(undefined)"
        (keydown)="key($event)"
        (blur)="cursor.set(undefined)"
      >
        <svg
          [attr.width]="frame().widthPx"
          [attr.height]="height()"
          class="block overflow-visible"
          aria-hidden="true"
          font-size="11"
        >
          @for (tick of yLabels(); track tick.text) {
            <line
              [attr.x1]="margin.left"
              [attr.x2]="frame().widthPx - margin.right"
              [attr.y1]="tick.y"
              [attr.y2]="tick.y"
              class="stroke-line"
            />
            <text
              [attr.x]="margin.left - 8"
              [attr.y]="tick.y"
              dy=".32em"
              text-anchor="end"
              class="fill-muted tabular-nums"
            >
              {{ tick.text }}
            </text>
          }
          @for (tick of xLabels(); track tick.index) {
            <text [attr.x]="tick.x" [attr.y]="height() - 6" text-anchor="middle" class="fill-muted">
              {{ tick.text }}
            </text>
          }
          @for (bar of bars(); track $index) {
            <rect
              [attr.x]="bar.x"
              [attr.y]="bar.y"
              [attr.width]="bar.width"
              [attr.height]="bar.height"
              rx="2"
              [style.fill]="bar.color"
              [attr.opacity]="cursor() === undefined || cursor() === bar.index ? 1 : 0.45"
            />
          }
          @for (path of paths(); track path.name) {
            <path [attr.d]="path.area" [style.fill]="path.color" fill-opacity=".14" />
            <path
              [attr.d]="path.line"
              fill="none"
              [style.stroke]="path.color"
              stroke-width="1.75"
              stroke-linejoin="round"
            />
          }
          @for (dot of dots(); track dot.name) {
            <line
              [attr.x1]="dot.x"
              [attr.x2]="dot.x"
              [attr.y1]="margin.top"
              [attr.y2]="height() - margin.bottom"
              class="stroke-line-strong"
            />
            <circle
              [attr.cx]="dot.x"
              [attr.cy]="dot.y"
              r="3.5"
              [style.fill]="dot.color"
              class="stroke-surface"
              stroke-width="2"
            />
          }
        </svg>
        @if (tip(); as shown) {
          <div
            class="pointer-events-none absolute top-1 z-10 w-72 max-w-full rounded-lg border bg-surface px-3 py-2 text-xs shadow-lg"
            [style.left.px]="shown.leftPx"
          >
            <div class="mb-1 text-muted">{{ shown.heading }}</div>
            @for (row of shown.rows; track row.name) {
              <div class="flex items-center gap-1.5">
                <span class="size-2 shrink-0 rounded-[3px]" [style.background]="row.color"></span
                ><span class="truncate">{{ row.name }}</span
                ><span class="ml-auto pl-3 font-medium tabular-nums">{{ row.text }}</span>
              </div>
            }
            @if (shown.total) {
              <div class="mt-1 flex justify-between border-t pt-1 font-medium tabular-nums">
                All <span>{{ shown.total }}</span>
              </div>
            }
          </div>
        }
        <div class="sr-only" aria-live="polite">{{ announcement() }}</div>
      </div>
    }`,
})
export class UiChart {
  readonly label = input.required<string>();
  readonly kind = input<ChartKind>('line');
  readonly x = input.required<readonly string[]>();
  readonly xName = input('Time');
  readonly series = input.required<readonly Series[]>();
  /** Text of a value; the caller has the exact amount, the chart only draws. */
  readonly text = input<(series: number, index: number) => string>((series, index) =>
    String(this.series()[series]?.values[index] ?? 0),
  );
  /** Text of the sum of all series at a point, where a sum means something. */
  readonly total = input<(index: number) => string>();
  readonly axisText = input<(value: number) => string>(String);
  readonly height = input(220);
  protected readonly margin = MARGIN;
  protected readonly cursor = signal<number | undefined>(undefined);
  protected readonly hidden = signal<ReadonlySet<string>>(new Set());
  protected readonly asTable = signal(false);
  private readonly byKey = signal(false);
  private readonly widthPx = hostWidth();
  private readonly visible = computed(() =>
    this.series().filter(({ name }) => !this.hidden().has(name)),
  );
  protected readonly frame = computed<Frame>(() => ({
    kind: this.kind(),
    widthPx: this.widthPx(),
    heightPx: this.height(),
    count: this.x().length,
    highest: highestValue(this.kind(), this.visible(), this.x().length),
  }));
  protected readonly yLabels = computed(() =>
    yTicks(this.frame()).map((value) => ({
      y: yOf(this.frame(), value),
      text: this.axisText()(value),
    })),
  );
  protected readonly xLabels = computed(() =>
    xTicks(this.frame()).map((index) => ({
      index,
      x: xOf(this.frame(), index),
      text: this.x()[index] ?? '',
    })),
  );
  protected readonly bars = computed(() =>
    this.kind() === 'bars' ? stackedBars(this.frame(), this.visible()) : [],
  );
  protected readonly paths = computed(() =>
    this.kind() === 'line' ? linePaths(this.frame(), this.visible()) : [],
  );
  protected readonly dots = computed(() => {
    const index = this.cursor();
    if (index === undefined || this.kind() !== 'line') return [];
    return this.visible().map((one) => ({
      name: one.name,
      color: one.color,
      x: xOf(this.frame(), index),
      y: yOf(this.frame(), valueAt(one, index)),
    }));
  });
  protected readonly tip = computed(() => {
    const index = this.cursor();
    if (index === undefined) return undefined;
    const x = xOf(this.frame(), index);
    return {
      leftPx: x > this.widthPx() / 2 ? Math.max(0, x - TIP_WIDTH_PX - 12) : x + 12,
      heading: this.x()[index] ?? '',
      rows: this.rowsAt(index),
      total: this.total()?.(index),
    };
  });
  protected readonly summary = computed(() => {
    const last = this.x().length - 1;
    if (last < 0 || this.visible().length === 0) return `${this.label()}. No data.`;
    return `${this.label()}. Latest: ${this.sentence(last)}. Use the arrow keys to read values.`;
  });
  protected readonly announcement = computed(() => {
    const index = this.cursor();
    if (index === undefined || !this.byKey()) return '';
    return `${this.x()[index] ?? ''}: ${this.sentence(index)}`;
  });

  protected toggle(name: string): void {
    this.hidden.update((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  }

  protected move(event: PointerEvent): void {
    const plot = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.byKey.set(false);
    this.cursor.set(indexAt(this.frame(), event.clientX - plot.left));
  }

  protected key(event: KeyboardEvent): void {
    const last = this.x().length - 1;
    const at = this.cursor();
    if (event.key === 'Escape') this.cursor.set(undefined);
    const target = {
      ArrowLeft: (at ?? last + 1) - 1,
      ArrowRight: (at ?? -1) + 1,
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined || last < 0) return;
    event.preventDefault();
    this.byKey.set(true);
    this.cursor.set(Math.min(last, Math.max(0, target)));
  }

  private rowsAt(index: number) {
    return this.series()
      .map(({ name, color }, series) => ({ name, color, text: this.text()(series, index) }))
      .filter(({ name }) => !this.hidden().has(name));
  }

  private sentence(index: number): string {
    return this.rowsAt(index)
      .map(({ name, text }) => `${name} ${text}`)
      .join(', ');
  }
}
