export type PiiType = 'email' | 'card';

/** Where something personal was found in a text; `end` is exclusive. */
export interface Finding {
  readonly type: PiiType;
  readonly start: number;
  readonly end: number;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isLetterOrDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
