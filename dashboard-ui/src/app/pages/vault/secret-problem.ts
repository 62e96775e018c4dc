/** Why agents do not get a secret, in two words; an unknown code is shown as it is. */
export function problemName(code: string): string {
  return TEXTS[code]?.[0] ?? code;
}

/** What to do about it. */
export function problemText(code: string): string {
  return TEXTS[code]?.[1] ?? '';
}

const TEXTS: Readonly<Record<string, readonly [string, string]>> = {
  SECRET_ALTERED: [
    'Altered',
    'Its row was changed past Iron Cage. Find out who writes to the database, then delete it and store it anew.',
  ],
  SECRET_UNREADABLE: ['Unreadable', 'Its value does not open. Rotate it.'],
  SECRET_SOURCE_UNAVAILABLE: [
    'Not found',
    'What it refers to cannot be read. Check that it exists and that the server may read it.',
  ],
  KEK_MISSING: ['No master key', 'The server lacks the master key that this one needs.'],
};
