import { ServerError } from '../errors/catalogue.js';

/** How a price names its models; comparison is on the lower-cased model name. */
export type ModelMatch =
  | { readonly equals: string }
  | { readonly starts_with: string }
  | { readonly ends_with: string }
  | { readonly contains: string }
  | { readonly regex: string }
  | { readonly or: readonly ModelMatch[] }
  | { readonly and: readonly ModelMatch[] };

export type ModelPredicate = (modelLowerCase: string) => boolean;

const DEPTH_MAX = 8;

/** `*` stands for any characters, everything else for itself. */
export function globPredicate(glob: string): ModelPredicate {
  const parts = glob.toLowerCase().split('*');
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*')}$`, 'su');
  return (model) => expression.test(model);
}

/** @throws ServerError when the price table holds a rule that this SDK does not know. */
export function compileMatch(match: ModelMatch, depth = 0): ModelPredicate {
  if (depth > DEPTH_MAX) throw new ServerError('A price rule is nested too deeply.');
  if ('equals' in match) return (model) => model === match.equals.toLowerCase();
  if ('starts_with' in match) return (model) => model.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return (model) => model.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return (model) => model.includes(match.contains.toLowerCase());
  if ('regex' in match) {
    const expression = new RegExp(match.regex, 'iu');
    return (model) => expression.test(model);
  }
  const all = 'and' in match;
  const rules = (all ? match.and : match.or).map((rule) => compileMatch(rule, depth + 1));
  return all
    ? (model) => rules.every((rule) => rule(model))
    : (model) => rules.some((rule) => rule(model));
}
