export type Verdict = 'ok' | 'warn' | 'fail';

/** One line of the doctor: what was looked at, how it is, and what to do. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly text: string;
}

export const ok = (check: string, text: string): Finding => ({ check, verdict: 'ok', text });
export const warn = (check: string, text: string): Finding => ({ check, verdict: 'warn', text });
export const fail = (check: string, text: string): Finding => ({ check, verdict: 'fail', text });
