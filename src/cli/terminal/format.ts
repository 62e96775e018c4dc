import { type Nano, parseMoney, printMoney, showMoney } from '../../kernel/money.js';
import { usageError } from '../cli-error.js';

const WIRE_MONEY = /^-?\d+\.\d{9}$/;

/** Exact money of an answer, as people read it: `"0.000206000"` → `$0.000206`. */
export function dollars(wire: string): string {
  return WIRE_MONEY.test(wire) ? showMoney(BigInt(wire.replace('.', ''))) : wire;
}

/** With the direction of a change; nothing has none. */
export function signedDollars(wire: string): string {
  const text = dollars(wire);
  return text.startsWith('-') || /^[0.]*$/.test(wire) ? text : `+${text}`;
}

/** An amount that somebody typed, as the wire wants it. */
export function amountArgument(text: string): string {
  const nano: Nano | undefined = parseMoney(text.trim().replace(/^\$/, ''));
  if (nano === undefined || nano === 0n) {
    throw usageError(
      `"${text}" is not an amount. Give dollars above zero, such as 25 or 0.50, with at most nine decimals.`,
    );
  }
  return printMoney(nano);
}

/** As {@link amountArgument}, but a limit may be nothing. */
export function limitAmount(text: string): string {
  const nano = parseMoney(text.trim().replace(/^\$/, ''));
  if (nano !== undefined) return printMoney(nano);
  throw usageError(
    `"${text}" is not a limit. Give dollars, such as 100 or 0.50, with at most nine decimals; 0 allows nothing.`,
  );
}

/** A whole number within limits, for an option. */
export function wholeNumber(name: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw usageError(
      `${name} "${text}" is not valid: give a whole number from ${String(least)} to ${String(most)}.`,
    );
  };
}

/** `2026-11-23 06:50:12Z`; a dash for what has not happened. */
export function moment(iso: string | null): string {
  return iso === null ? '–' : iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** A moment that somebody typed; a day is its first one, UTC. */
export function instantOf(text: string): string {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (!Number.isNaN(Date.parse(instant))) return new Date(instant).toISOString();
  throw usageError(
    `"${text}" is not a time. Give a day as 2026-11-01, or a moment as 2026-11-01T08:00:00Z.`,
  );
}

export function count(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `12.3 MB`, in powers of 1,000. */
export function fileSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${UNITS[power] ?? ''}`;
}
