import type { Match } from '../domain/pricing.js';

/** A glob (`gpt-5*`) as a rule of the price table, for clients that know no globs. */
export function matchOfGlob(glob: string): Match {
  const parts = glob.toLowerCase().split('*');
  const [first = '', second = '', third] = parts;
  if (parts.length === 1) return { equals: first };
  if (parts.length === 2 && second === '') return { starts_with: first };
  if (parts.length === 2 && first === '') return { ends_with: second };
  if (parts.length === 3 && first === '' && third === '') return { contains: second };
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  return { regex: `^${escaped.join('.*')}$` };
}
