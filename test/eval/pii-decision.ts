import { findPii } from '../../sdk/src/safety/detect.js';
import type { Finding } from '../../sdk/src/safety/finding.js';

/** Looks through every text; whatever else a record holds is not looked at. */
export function findAll(
  records: readonly { readonly text: string }[],
  types: ReadonlySet<string>,
): readonly (readonly Finding[])[] {
  return records.map(({ text }) => findPii(text, types));
}
