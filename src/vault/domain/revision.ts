import { hash } from 'node:crypto';

/**
 * Stands for a list of secrets in one state: whatever is added, taken away, rotated or changed makes another one.
 *
 * @param secrets in any order; `revision` grows with every change of the secret
 */
export function revisionOf(
  secrets: readonly { readonly id: string; readonly revision: number }[],
): string {
  const text = secrets.map(({ id, revision }) => `${id}:${String(revision)}`).sort();
  return hash('sha256', text.join(','), 'base64url').slice(0, 16);
}
