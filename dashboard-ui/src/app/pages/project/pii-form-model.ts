import type { Schemas } from '../../api/client';

type Policy = Schemas['PiiPolicy'];
type Pattern = Policy['patterns'][number];
export type PiiType = Exclude<keyof Policy, 'restore' | 'patterns'>;
export type PiiAction = Policy[PiiType];

/** The types in the order of the page; the first seven are looked for unless somebody says otherwise. */
export const PII_FIELDS: readonly { readonly type: PiiType; readonly label: string }[] = [
  { type: 'email', label: 'E-mail addresses' },
  { type: 'card', label: 'Card numbers' },
  { type: 'iban', label: 'Bank accounts (IBAN)' },
  { type: 'ssn', label: 'US social security numbers' },
  { type: 'phone', label: 'Phone numbers' },
  { type: 'ip', label: 'IP addresses' },
  { type: 'secret', label: 'Keys, tokens and passwords' },
  { type: 'nationalId', label: 'National ids of 25 countries' },
  { type: 'bankAccount', label: 'Other bank accounts' },
  { type: 'medicalId', label: 'Medical and insurance ids' },
  { type: 'documentId', label: 'Passports and licences' },
  { type: 'birthDate', label: 'Dates of birth' },
  { type: 'mac', label: 'Hardware (MAC) addresses' },
  { type: 'wallet', label: 'Addresses of wallets' },
];

export interface PiiModel {
  readonly actions: Readonly<Record<PiiType, PiiAction>>;
  readonly restore: 'on' | 'off';
  /** One a line: `NAME action pattern`. */
  readonly patterns: string;
}

const LINE = /^([A-Z][A-Z0-9_]*[A-Z0-9])\s+(block|redact|warn|off)\s+(\S.*)$/;

export function piiModel({ restore, patterns, ...actions }: Policy): PiiModel {
  return {
    actions,
    restore: restore ? 'on' : 'off',
    patterns: patterns
      .map(({ name, action, pattern }) => `${name} ${action} ${pattern}`)
      .join('\n'),
  };
}

/** The patterns that a text lists, or the first line that is none. */
export function parsePatterns(text: string): readonly Pattern[] | string {
  const patterns: Pattern[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '') continue;
    const [, name, action, pattern] = LINE.exec(line) ?? [];
    if (name === undefined || action === undefined || pattern === undefined) return line;
    patterns.push({ name, action: action as PiiAction, pattern });
  }
  return patterns;
}

/** What to send: only what was changed. */
export function piiChange(before: PiiModel, after: PiiModel): Schemas['PiiChange'] {
  const change: Schemas['PiiChange'] = {};
  for (const { type } of PII_FIELDS) {
    if (before.actions[type] !== after.actions[type]) change[type] = after.actions[type];
  }
  if (before.restore !== after.restore) change.restore = after.restore === 'on';
  const patterns = parsePatterns(after.patterns);
  if (before.patterns !== after.patterns && typeof patterns !== 'string')
    change.patterns = [...patterns];
  return change;
}
