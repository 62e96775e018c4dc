import { ticks } from 'd3-array';
import { area, curveMonotoneX, line } from 'd3-shape';

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
}

export type ChartKind = 'line' | 'bars';
export interface Frame {
  readonly kind: ChartKind;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly count: number;
  readonly highest: number;
}

export const MARGIN = { left: 52, right: 10, top: 10, bottom: 22 };
const LABEL_WIDTH_PX = 76;
const WIDEST_BAR_PX = 36;

export const valueAt = (series: Series, index: number): number => series.values[index] ?? 0;

/** Top of the scale: the highest point, or the highest stack of bars, and some air. */
export function highestValue(kind: ChartKind, series: readonly Series[], count: number): number {
  let highest = 0;
  for (let index = 0; index < count; index++) {
    const values = series.map((one) => valueAt(one, index));
    const top =
      kind === 'bars' ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
    highest = Math.max(highest, top);
  }
  return highest * 1.08 || 1;
}

const innerWidth = (frame: Frame) => frame.widthPx - MARGIN.left - MARGIN.right;

export function xOf(frame: Frame, index: number): number {
  const share =
    frame.kind === 'bars' ? (index + 0.5) / frame.count : index / Math.max(1, frame.count - 1);
  return MARGIN.left + share * innerWidth(frame);
}

export function yOf(frame: Frame, value: number): number {
  const innerHeight = frame.heightPx - MARGIN.top - MARGIN.bottom;
  return MARGIN.top + innerHeight - (value / frame.highest) * innerHeight;
}

/** The point that a pointer at this place means. */
export function indexAt(frame: Frame, offsetPx: number): number | undefined {
  if (frame.count === 0) return undefined;
  const share = (offsetPx - MARGIN.left) / innerWidth(frame);
  const index =
    frame.kind === 'bars' ? Math.floor(share * frame.count) : Math.round(share * (frame.count - 1));
  return Math.min(frame.count - 1, Math.max(0, index));
}

export const yTicks = (frame: Frame): number[] => ticks(0, frame.highest, 4);

export function xTicks(frame: Frame): number[] {
  const step = Math.max(
    1,
    Math.ceil(frame.count / Math.max(2, Math.floor(frame.widthPx / LABEL_WIDTH_PX))),
  );
  const indexes = Array.from({ length: frame.count }, (_, index) => index);
  return indexes.filter((index) => index % step === Math.floor(step / 2));
}

export function linePaths(frame: Frame, series: readonly Series[]) {
  const x = (_: number, index: number) => xOf(frame, index);
  const y = (value: number) => yOf(frame, value);
  return series.map(({ name, color, values }) => ({
    name,
    color,
    line: line<number>(x, y).curve(curveMonotoneX)([...values]),
    area: area<number>().x(x).y0(y(0)).y1(y).curve(curveMonotoneX)([...values]),
  }));
}

export function stackedBars(frame: Frame, series: readonly Series[]) {
  const width = Math.min(WIDEST_BAR_PX, (innerWidth(frame) / Math.max(1, frame.count)) * 0.62);
  return Array.from({ length: frame.count }, (_, index) => {
    let below = 0;
    return series.map((one) => {
      const bottom = yOf(frame, below);
      below += valueAt(one, index);
      const top = yOf(frame, below);
      return {
        index,
        color: one.color,
        x: xOf(frame, index) - width / 2,
        y: top,
        width,
        height: Math.max(0, bottom - top - 1),
      };
    });
  }).flat();
}
