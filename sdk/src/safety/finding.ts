/** What the filter finds without being asked for. */
export const defaultTypes = ['email', 'card', 'iban', 'ssn', 'phone', 'ip', 'secret'] as const;
/** What it finds where a project asks for it: ids that look like ordinary numbers elsewhere. */
export const optionalTypes = [
  'nationalId',
  'bankAccount',
  'medicalId',
  'documentId',
  'birthDate',
  'mac',
  'wallet',
] as const;

export type PiiType = (typeof defaultTypes)[number] | (typeof optionalTypes)[number];

export const piiTypes: readonly PiiType[] = [...defaultTypes, ...optionalTypes];

/** Where something personal was found in a text; `end` is exclusive. */
export interface Finding {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Looks through a normalised text and adds what it finds. Must do linear work. */
export type Detector = (text: string, found: Finding[]) => void;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

export function isLetterOrDigit(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

/** Letters, digits, `_`. */
export function isWord(code: number): boolean {
  return isLetterOrDigit(code) || code === 0x5f;
}

const LOOK_BACK = 48;

/** Says whether one of the words that `pattern` knows stands shortly before `start`. */
export function isPrecededBy(text: string, start: number, pattern: RegExp): boolean {
  return pattern.test(text.slice(Math.max(0, start - LOOK_BACK), start));
}
