import { hash } from 'node:crypto';
import { stringify } from '../../kernel/json.js';

/** Tells a repetition from another request under the same id; field order does not matter, the schema fixed it. */
export function hashOf(body: object): Buffer {
  return hash('sha256', stringify(body), 'buffer');
}
