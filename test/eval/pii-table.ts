import type { Score } from './pii-score.js';

const headers = [
  'type',
  'precision',
  'or*',
  'recall',
  'found',
  'correct',
  'labelled',
  'recalled',
  'exact',
  'in other label',
];

/** The counts with precision and recall; null where there is nothing to divide by. */
export function ratesOf(scores: ReadonlyMap<string, Score>): Record<string, unknown> {
  return Object.fromEntries(
    [...scores].map(([type, score]) => [
      type,
      {
        precision: score.found === 0 ? null : score.correct / score.found,
        /** Without findings inside labels of another kind. */
        precisionOutside:
          score.found === score.inOther ? null : score.correct / (score.found - score.inOther),
        recall: score.expected === 0 ? null : score.recalled / score.expected,
        ...score,
      },
    ]),
  );
}

export function scoreTable(scores: ReadonlyMap<string, Score>): string {
  const rows = [...scores].map(([type, score]) => [
    type,
    ratio(score.correct, score.found),
    ratio(score.correct, score.found - score.inOther),
    ratio(score.recalled, score.expected),
    String(score.found),
    String(score.correct),
    String(score.expected),
    String(score.recalled),
    String(score.exact),
    String(score.inOther),
  ]);
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [headers, ...rows]
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function ratio(part: number, whole: number): string {
  return whole === 0 ? '–' : (part / whole).toFixed(4);
}
