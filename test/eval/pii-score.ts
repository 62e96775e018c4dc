import type { Finding, PiiType } from '../../sdk/src/safety/finding.js';

export interface LabelledRecord {
  readonly text: string;
  readonly annotations: readonly {
    readonly entity_type: string;
    readonly start: number;
    readonly end: number;
  }[];
}

export interface Score {
  /** Labels in the data, and how many of them a finding of the same type overlaps. */
  expected: number;
  recalled: number;
  /** Findings, and how many of them overlap a label of the same type. */
  found: number;
  correct: number;
  /** Findings with exactly the borders of a label. */
  exact: number;
  /** Findings inside a label of another type: an address inside a link, for example. */
  inOther: number;
}

export interface Miss {
  readonly kind: 'missed' | 'not labelled';
  readonly type: string;
  readonly sample: string;
}

/** The labels' names, and what the filter calls them. */
const names: Readonly<Record<string, PiiType>> = {
  EMAIL_ADDRESS: 'email',
  CREDIT_CARD_NUMBER: 'card',
  IBAN: 'iban',
  SOCIAL_SECURITY_NUMBER: 'ssn',
  PHONE_NUMBER: 'phone',
  IP_ADDRESS: 'ip',
  IPV4_ADDRESS: 'ip',
  IPV6_ADDRESS: 'ip',
  API_KEY: 'secret',
  PASSWORD: 'secret',
  AUTHENTICATION_TOKEN: 'secret',
  ACCESS_TOKEN: 'secret',
  PRIVATE_KEY: 'secret',
  NATIONAL_ID_NUMBER: 'nationalId',
  TAX_ID: 'nationalId',
  BANK_ACCOUNT_NUMBER: 'bankAccount',
  BANK_ROUTING_NUMBER: 'bankAccount',
  SWIFT_BIC_CODE: 'bankAccount',
  MEDICAL_RECORD_NUMBER: 'medicalId',
  HEALTH_INSURANCE_ID: 'medicalId',
  NPI_NUMBER: 'medicalId',
  DEA_NUMBER: 'medicalId',
  PRESCRIPTION_NUMBER: 'medicalId',
  INSURANCE_POLICY_NUMBER: 'medicalId',
  PASSPORT_NUMBER: 'documentId',
  DRIVER_LICENSE_NUMBER: 'documentId',
  VISA_NUMBER: 'documentId',
  DATE_OF_BIRTH: 'birthDate',
  MAC_ADDRESS: 'mac',
  CRYPTOCURRENCY_ADDRESS: 'wallet',
};

interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Adds one record to `scores`. @returns what was missed and what was found without a label */
export function scoreRecord(
  { text, annotations }: LabelledRecord,
  findings: readonly Finding[],
  types: ReadonlySet<PiiType>,
  scores: Map<string, Score>,
): Miss[] {
  const misses: Miss[] = [];
  const labels = annotations.flatMap(({ entity_type, start, end }): Span[] => {
    const type = names[entity_type];
    return type !== undefined && types.has(type)
      ? [{ type: rowOf(type, entity_type, text.slice(start, end)), start, end }]
      : [];
  });
  const found = findings.map(({ type, start, end }) => ({
    type: rowOf(type, '', text.slice(start, end)),
    start,
    end,
  }));
  for (const label of labels) {
    const score = scoreOf(scores, label.type);
    score.expected += 1;
    if (found.some((finding) => isSame(finding, label))) score.recalled += 1;
    else misses.push({ kind: 'missed', type: label.type, sample: sampleOf(text, label) });
  }
  for (const finding of found) {
    const rows = labels.filter((label) => isSame(finding, label));
    const score = scoreOf(scores, rows[0]?.type ?? finding.type);
    score.found += 1;
    if (rows.length > 0) {
      score.correct += 1;
      if (rows.some(({ start, end }) => start === finding.start && end === finding.end)) {
        score.exact += 1;
      }
      continue;
    }
    if (annotations.some((label) => label.start <= finding.start && label.end >= finding.end)) {
      score.inOther += 1;
    }
    misses.push({ kind: 'not labelled', type: finding.type, sample: sampleOf(text, finding) });
  }
  return misses;
}

export function mergeScores(total: Map<string, Score>, part: ReadonlyMap<string, Score>): void {
  for (const [type, score] of part) {
    const sum = scoreOf(total, type);
    for (const key of Object.keys(score) as (keyof Score)[]) sum[key] += score[key];
  }
}

/** Addresses are counted by version; all secrets together. */
function rowOf(type: string, _label: string, text: string): string {
  if (type !== 'ip') return type;
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

function isSame(first: Span, second: Span): boolean {
  return first.type === second.type && first.start < second.end && second.start < first.end;
}

function scoreOf(scores: Map<string, Score>, type: string): Score {
  const score = scores.get(type) ?? {
    expected: 0,
    recalled: 0,
    found: 0,
    correct: 0,
    exact: 0,
    inOther: 0,
  };
  scores.set(type, score);
  return score;
}

function sampleOf(text: string, { start, end }: Span): string {
  const before = text.slice(Math.max(0, start - 40), start);
  return JSON.stringify(`${before}⟦${text.slice(start, end)}⟧${text.slice(end, end + 25)}`);
}
