/** All times are shown in the reader's own zone, and the zone is named wherever a clock time stands. */
const DATE_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const CLOCK_ZONE = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const DAY_MONTH = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const CALENDAR_DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});

type Instant = string | number;

/** "23 Nov 2026, 14:32:05 CET" */
export const dateTime = (at: Instant): string => DATE_TIME.format(new Date(at));
/** "14:32 CET" */
export const clockWithZone = (at: Instant): string => CLOCK_ZONE.format(new Date(at));
/** "14:32"; only below a heading that names the zone. */
export const clock = (at: Instant): string => CLOCK.format(new Date(at));
/** "23 Nov 2026" */
export const day = (at: Instant): string => DAY.format(new Date(at));
/** "23 Nov", for a plain calendar day such as "2026-11-23", which has no zone. */
export const calendarDay = (isoDay: string): string => CALENDAR_DAY.format(new Date(isoDay));

/** "14:32 CET" today, else "24 Nov, 14:32 CET". */
export function soonClock(at: Instant, nowMs: number): string {
  const sameDay = new Date(at).toDateString() === new Date(nowMs).toDateString();
  return sameDay ? clockWithZone(at) : `${DAY_MONTH.format(new Date(at))}, ${clockWithZone(at)}`;
}

const UNITS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
] as const;

/** "3 days", "2 hours", "5 minutes", "less than a minute"; rounded down, since it is read as "at least". */
export function roughDuration(ms: number): string {
  for (const unit of UNITS) {
    const count = Math.floor(ms / unit.ms);
    if (count >= 1) return `${count.toLocaleString('en-US')} ${unit.name}${count === 1 ? '' : 's'}`;
  }
  return 'less than a minute';
}

/** "just now", "5 minutes ago" */
export function ago(at: Instant, nowMs: number): string {
  const ms = nowMs - new Date(at).getTime();
  return ms < 60_000 ? 'just now' : `${roughDuration(ms)} ago`;
}

/** "4:05" or "1:00:09": a countdown, "0:00" when it is over. */
export function countdown(untilMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
  const pad = (value: number) => value.toString().padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0
    ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}`
    : `${minutes}:${pad(seconds % 60)}`;
}

/** "90 seconds" as people say it: "30 minutes", "2 hours", "45 seconds". */
export function secondsInWords(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const;
  for (const [name, size] of units) {
    if (seconds >= size && seconds % size === 0) {
      const count = seconds / size;
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  }
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}

/** Name of the reader's zone: "Europe/Berlin". */
export const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** When the present day began in a time zone, in ms since the epoch. */
export function startOfDay(timeZone: string, nowMs: number): number {
  const { hour, minute, second } = wallClock(timeZone, nowMs);
  return nowMs - (nowMs % 1000) - (hour * 3600 + minute * 60 + second) * 1000;
}

/** When a calendar day such as "2026-11-23" begins in a time zone, in ms since the epoch. */
export function dayStart(isoDay: string, timeZone: string): number {
  const utcMs = Date.parse(isoDay);
  const { year, month, day: date, hour, minute, second } = wallClock(timeZone, utcMs);
  return 2 * utcMs - Date.UTC(year, month - 1, date, hour, minute, second);
}

/** For `<input type="datetime-local">`: "2026-11-23T14:32", in the reader's own zone. */
export function localInput(ms: number): string {
  const at = new Date(ms);
  const pad = (value: number) => value.toString().padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

function wallClock(timeZone: string, atMs: number) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  }).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}
