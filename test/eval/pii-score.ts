import type { Finding, PiiType } from '../../sdk/src/safety/finding.js';
import { typeOfLabel } from './pii-labels.js';

export interface LabelledRecord {
  readonly text: string;
  readonly annotations: readonly {
    readonly entity_type: string;
    readonly start: number;
    readonly end: number;
    /** What is between them, where the file tells it. */
    readonly text?: string | null | undefined;
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

interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Offsets that count characters beyond the basic plane once, as many languages do, become JavaScript's. */
export function spanOf(
  text: string,
  { start, end, text: told }: LabelledRecord['annotations'][number],
): { start: number; end: number } {
  if (typeof told !== 'string' || text.slice(start, end) === told) return { start, end };
  const characters = Array.from(text);
  const first = characters.slice(0, start).join('').length;
  const last = first + characters.slice(start, end).join('').length;
  return text.slice(first, last) === told ? { start: first, end: last } : { start, end };
}

/** Adds one record to `scores`. @returns what was missed and what was found without a label */
export function scoreRecord(
  { text, annotations }: LabelledRecord,
  findings: readonly Finding[],
  types: ReadonlySet<PiiType>,
  scores: Map<string, Score>,
): Miss[] {
  const misses: Miss[] = [];
  const spans = annotations.map((each) => ({ ...spanOf(text, each), label: each.entity_type }));
  const labels = spans.flatMap(({ label, start, end }): Span[] => {
    const type = typeOfLabel(label);
    return type !== undefined && types.has(type)
      ? [{ type: rowOf(type, text.slice(start, end)), start, end }]
      : [];
  });
  const found = findings.map(({ type, start, end }) => ({
    type: rowOf(type, text.slice(start, end)),
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
    if (spans.some((span) => span.start <= finding.start && span.end >= finding.end)) {
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
function rowOf(type: string, text: string): string {
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
