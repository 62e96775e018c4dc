import { z } from 'zod';
import { isUuid } from './ids.js';
import { type Nano, parseMoney, printMoney } from './money.js';

/**
 * The vocabulary of the wire. Schemas are codecs: `decode` turns JSON into what the code uses, `encode` turns it back, so that a
 * contract states both directions once.
 */
const MONEY_PATTERN = /^(0|[1-9]\d{0,9})(\.\d{1,9})?$/;

/** Dollars as a decimal string on the wire, nano-dollars inside. */
export const money = z
  .codec(
    z.string().max(20).regex(MONEY_PATTERN, {
      error:
        'Give dollars as a plain decimal string such as "12.50": no sign, no exponent, at most nine decimals.',
    }),
    z.bigint(),
    {
      decode: (text, context): Nano => {
        const nano = parseMoney(text);
        if (nano !== undefined) return nano;
        context.issues.push({
          code: 'custom',
          input: text,
          message: 'The most that fits is "1000000000".',
        });
        return z.NEVER;
      },
      encode: (nano) => printMoney(nano),
    },
  )
  .meta({ description: 'US dollars, decimal string', examples: ['0.500000000'] });

/** As {@link money}, but more than nothing. */
export const positiveMoney = money.refine((nano) => nano > 0n, {
  error: 'Give an amount above zero.',
});

/** Money that may be below zero. */
export const signedMoney = z
  .codec(
    z
      .string()
      .max(21)
      .regex(/^-?(0|[1-9]\d{0,9})(\.\d{1,9})?$/, {
        error:
          'Give dollars as a decimal string such as "-12.50": no exponent, at most nine decimals.',
      }),
    z.bigint(),
    {
      decode: (text, context): Nano => {
        const nano = parseMoney(text.replace('-', ''));
        if (nano !== undefined) return text.startsWith('-') ? -nano : nano;
        context.issues.push({
          code: 'custom',
          input: text,
          message: 'The most that fits is "1000000000".',
        });
        return z.NEVER;
      },
      encode: (nano) => printMoney(nano),
    },
  )
  .meta({ description: 'US dollars, decimal string, may be negative', examples: ['-0.250000000'] });

/** JavaScript writes the year before 1 and those after 9999 with a sign, and PostgreSQL knows no year 0; a span before or after must fit, too. */
const PLAIN_YEAR = {
  check: (text: string): boolean => text >= '1000' && text < '9999',
  message: { error: 'Give a year between 1000 and 9998.' },
};

/** A day of the calendar, as `2026-11-01`. */
export const day = z.iso.date().refine(PLAIN_YEAR.check, PLAIN_YEAR.message);

export const instant = z
  .codec(z.iso.datetime().refine(PLAIN_YEAR.check, PLAIN_YEAR.message), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  })
  .meta({ description: 'ISO 8601, UTC' });

export const uuid = z.string().refine(isUuid, { error: 'Give a UUID in lower case.' }).meta({
  format: 'uuid',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
});

// Half a surrogate pair is no character: PostgreSQL refuses it in JSON.
const PRINTABLE = /^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u;

/** Names of others' things: kept as they are, without characters that no database stores. */
export const plainText = (maxLength: number) =>
  z.string().max(maxLength).regex(PRINTABLE, { error: 'Use printable text.' });

/** An IANA time zone that this runtime knows. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, { error: 'Give an IANA time zone such as Europe/Berlin or UTC.' });

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Newer runtimes take offsets such as +02:00 too; those know no daylight saving.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** One line that people read. Trimmed, never empty. */
export const label = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1, { error: 'Must not be empty.' })
    .max(maxLength)
    .regex(PRINTABLE, { error: 'Use one line of printable text.' });

export const email = z
  .email({ error: 'Give an address like name@company.com.' })
  .max(254)
  .toLowerCase();

export const password = z
  .string()
  .min(12, { error: 'Use at least 12 characters; a sentence is easiest to remember.' })
  .max(256);

/** 32 raw bytes or any other short binary, base64url without padding. */
export const base64url = (minBytes: number, maxBytes: number) =>
  z
    .string()
    .min(Math.ceil((minBytes * 4) / 3))
    .max(Math.ceil((maxBytes * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'Use base64url without padding.' });

/** Cursor paging: `nextCursor` of one answer is the `cursor` of the next request. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z.string().max(200).optional(),
};

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
