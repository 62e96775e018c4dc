import { type Frame, highestValue, indexAt, stackedBars, xOf, xTicks, yOf } from './chart-geometry';

const frame: Frame = { kind: 'bars', widthPx: 462, heightPx: 132, count: 4, highest: 10 };
const series = [
  { name: 'a', color: 'red', values: [1, 2, 3, 4] },
  { name: 'b', color: 'blue', values: [4, 3, 2, 6] },
];

describe('chart geometry', () => {
  it('scales to the highest stack, or to the highest point of lines', () => {
    expect(highestValue('bars', series, 4)).toBeCloseTo(10.8);
    expect(highestValue('line', series, 4)).toBeCloseTo(6.48);
    expect(highestValue('line', [], 0)).toBe(1);
  });

  it('finds the bar under the pointer, also outside the plot', () => {
    for (let index = 0; index < 4; index++) expect(indexAt(frame, xOf(frame, index))).toBe(index);
    expect(indexAt(frame, -50)).toBe(0);
    expect(indexAt(frame, 5000)).toBe(3);
    expect(indexAt({ ...frame, count: 0 }, 10)).toBeUndefined();
  });

  it('stacks without overlap', () => {
    const bars = stackedBars(frame, series);
    expect(bars).toHaveLength(8);
    expect(bars[0]?.y).toBeCloseTo(yOf(frame, 1));
    expect((bars[1]?.y ?? 0) + (bars[1]?.height ?? 0)).toBeLessThan(bars[0]?.y ?? 0);
  });

  it('labels fewer points on a narrow screen', () => {
    expect(xTicks({ ...frame, count: 30, widthPx: 900 }).length).toBeGreaterThan(
      xTicks({ ...frame, count: 30, widthPx: 300 }).length,
    );
  });
});
