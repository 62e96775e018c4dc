import {
  ago,
  calendarDay,
  countdown,
  dayStart,
  localInput,
  roughDuration,
  secondsInWords,
  startOfDay,
} from './time';

describe('time', () => {
  it('counts down and stops at zero', () => {
    expect(countdown(245_000, 0)).toBe('4:05');
    expect(countdown(3_609_000, 0)).toBe('1:00:09');
    expect(countdown(0, 5_000)).toBe('0:00');
  });

  it('rounds durations down', () => {
    expect(roughDuration(59_000)).toBe('less than a minute');
    expect(roughDuration(3_599_000)).toBe('59 minutes');
    expect(roughDuration(86_400_000)).toBe('1 day');
    expect(ago(0, 30_000)).toBe('just now');
    expect(ago(0, 7_200_000)).toBe('2 hours ago');
  });

  it('keeps a calendar day whatever the zone of the reader', () => {
    expect(calendarDay('2026-11-23')).toBe('23 Nov');
  });

  it('says seconds in whole units only where they are whole', () => {
    expect(secondsInWords(1800)).toBe('30 minutes');
    expect(secondsInWords(90)).toBe('90 seconds');
    expect(secondsInWords(86_400)).toBe('1 day');
  });

  it('knows when the day began in the zone of the organization', () => {
    const now = Date.parse('2026-11-23T23:30:00Z');
    expect(startOfDay('UTC', now)).toBe(Date.parse('2026-11-23T00:00:00Z'));
    expect(startOfDay('Europe/Berlin', now)).toBe(Date.parse('2026-11-23T23:00:00Z'));
  });

  it('knows when a calendar day begins in the zone of the organization', () => {
    expect(dayStart('2026-11-23', 'UTC')).toBe(Date.parse('2026-11-23T00:00:00Z'));
    expect(dayStart('2026-11-23', 'Europe/Berlin')).toBe(Date.parse('2026-11-22T23:00:00Z'));
    expect(dayStart('2026-11-23', 'Pacific/Auckland')).toBe(Date.parse('2026-11-22T11:00:00Z'));
    expect(dayStart('2026-07-01', 'America/New_York')).toBe(Date.parse('2026-07-01T04:00:00Z'));
  });

  it('fills a field with a local time that reads back to the same minute', () => {
    const at = Date.parse('2026-11-23T14:32:00Z');
    expect(Date.parse(localInput(at))).toBe(at);
  });
});
