import { amountText, axisUsd, costChart, lastDays, totalText } from './usage-view';

describe('cost by model and day', () => {
  const days = ['2026-11-22', '2026-11-23'];

  it('ranks models by cost and fills days without usage', () => {
    const chart = costChart(
      [
        { day: '2026-11-22', model: 'small', cost: '0.100000000' },
        { day: '2026-11-23', model: 'small', cost: '0.200000000' },
        { day: '2026-11-23', model: 'large', cost: '5.000000000' },
      ],
      days,
    );
    expect(chart.series.map(({ name }) => name)).toEqual(['large', 'small']);
    expect(chart.amounts).toEqual([
      [0n, 5_000_000_000n],
      [100_000_000n, 200_000_000n],
    ]);
    expect(amountText(chart.amounts)(1, 1)).toBe('$0.20');
    expect(totalText(chart.amounts)(1)).toBe('$5.20');
  });

  it('puts the cheapest of many models together, and loses no money', () => {
    const byDay = Array.from({ length: 8 }, (_, index) => ({
      day: '2026-11-23',
      model: `m${index}`,
      cost: `${index + 1}.000000001`,
    }));
    const chart = costChart(byDay, days);
    expect(chart.series.map(({ name }) => name)).toEqual([
      'm7',
      'm6',
      'm5',
      'm4',
      'm3',
      '3 others',
    ]);
    expect(chart.amounts.flat().reduce((sum, amount) => sum + amount, 0n)).toBe(36_000_000_008n);
  });

  it('takes days in the time zone of the organization', () => {
    const lateEvening = Date.parse('2026-11-23T23:30:00Z');
    expect(lastDays(2, 'UTC', lateEvening)).toEqual(['2026-11-22', '2026-11-23']);
    expect(lastDays(2, 'Europe/Berlin', lateEvening)).toEqual(['2026-11-23', '2026-11-24']);
  });

  it('labels the axis shortly', () => {
    expect([0, 0.0005, 2.5, 1500, 2_000_000].map(axisUsd)).toEqual([
      '$0',
      '$0.0005',
      '$2.5',
      '$1.5k',
      '$2M',
    ]);
  });
});
