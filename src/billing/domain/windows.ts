/**
 * Budget windows, computed from the clock when they are asked for: there is no job that resets a counter, and so none that can fail to.
 * A window is named by the local day on which it starts; only "when does it reset" needs an instant, and daylight saving only moves that.
 */
export const WINDOWS = ['day', 'week', 'month', 'total'] as const;
export type Window = (typeof WINDOWS)[number];

export interface Calendar {
  /** IANA name, for example `Europe/Berlin`. */
  readonly timeZone: string;
  /** Day of the month on which a month starts, 1 to 28. */
  readonly monthStartsOn: number;
}

/** `YYYY-MM-DD`. */
export type LocalDay = string;

const DAY_MS = 86_400_000;
/** Sorts before every real day; a total never starts anew. */
const FOR_EVER: LocalDay = '0001-01-01';

export function windowStart(window: Window, now: Date, calendar: Calendar): LocalDay {
  const today = localDay(now, calendar.timeZone);
  switch (window) {
    case 'day':
      return today;
    case 'week':
      return addDays(today, -((weekday(today) + 6) % 7));
    case 'month':
      return monthStart(today, calendar.monthStartsOn);
    case 'total':
      return FOR_EVER;
  }
}

/** The first instant of the next window; null for a total. */
export function nextReset(window: Window, now: Date, calendar: Calendar): Date | null {
  const start = windowStart(window, now, calendar);
  switch (window) {
    case 'day':
      return startOfDay(addDays(start, 1), calendar.timeZone);
    case 'week':
      return startOfDay(addDays(start, 7), calendar.timeZone);
    case 'month':
      // 31 days later is in the next month or at its start, whatever the month's length.
      return startOfDay(monthStart(addDays(start, 31), calendar.monthStartsOn), calendar.timeZone);
    case 'total':
      return null;
  }
}

function monthStart(day: LocalDay, startsOn: number): LocalDay {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return dayOf(Date.UTC(year, date >= startsOn ? month - 1 : month - 2, startsOn));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(at: Date, timeZone: string): Record<string, string> {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

function localDay(at: Date, timeZone: string): LocalDay {
  const { year = '', month = '', day = '' } = parts(at, timeZone);
  return `${year}-${month}-${day}`;
}

/**
 * The first instant of a local day. That is not always midnight: where clocks jump forward at midnight the day starts at one, and where
 * they fall back over midnight the first of the two counts. Found by bisection over the instants that could be it.
 */
function startOfDay(day: LocalDay, timeZone: string): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const utc = Date.UTC(year, month - 1, date);
  // Offsets reach from −12 to +14 hours.
  let before = utc - 15 * 3_600_000;
  let after = utc + 13 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(new Date(middle), timeZone) >= day) after = middle;
    else before = middle;
  }
  return new Date(after);
}

function weekday(day: LocalDay): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

function addDays(day: LocalDay, days: number): LocalDay {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS);
}

function dayOf(utcMs: number): LocalDay {
  return new Date(utcMs).toISOString().slice(0, 10);
}
