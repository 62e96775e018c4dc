import { createHash } from 'node:crypto';

/** Tells a repetition from another request under the same id; field order does not matter, the schema fixed it. */
export function hashOf(body: object): Buffer {
  return createHash('sha256')
    .update(
      JSON.stringify(body, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
    )
    .digest();
}
