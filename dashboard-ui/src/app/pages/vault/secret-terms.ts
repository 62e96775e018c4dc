import { schema, validate } from '@angular/forms/signals';
import type { Schemas } from '../../api/client';
import {
  headerProblem,
  pathsProblem,
  problem,
  shownHeader,
  typedHeader,
  typedHosts,
} from './secret-fields';

/** On which requests to its hosts a secret is sent, and how, as people type it. */
export interface SecretTerms {
  readonly paths: string;
  readonly header: string;
  readonly metered: string;
}

export const BLANK_TERMS: SecretTerms = { paths: '', header: '', metered: 'yes' };

export const secretTerms = schema<SecretTerms>((path) => {
  validate(path.paths, ({ value }) => problem(pathsProblem(value())));
  validate(path.header, ({ value }) => problem(headerProblem(value())));
});

export function shownTerms(
  secret: Pick<Schemas['Secret'], 'paths' | 'header' | 'metered'>,
): SecretTerms {
  return {
    paths: secret.paths.join(', '),
    header: shownHeader(secret.header),
    metered: secret.metered ? 'yes' : 'no',
  };
}

/** What the API takes. */
export function typedTerms({ paths, header, metered }: SecretTerms) {
  return {
    paths: typedHosts(paths),
    header: typedHeader(header) ?? null,
    metered: metered === 'yes',
  };
}
