/** Variables of the server that a secret may refer to start with this; no other one can be read through a secret. */
export const REFERENCE_PREFIX = 'IRON_CAGE_SECRET_';

/** Where a value is kept that the vault does not store. */
export type Reference =
  | {
      readonly kind: 'vault';
      readonly mount: string;
      readonly path: readonly string[];
      readonly field: string;
    }
  | { readonly kind: 'env'; readonly name: string };

const VAULT = /^vault:\/\/([\w-]+)\/([\w.-]+(?:\/[\w.-]+)*)#([\w.-]+)$/;
const ENV = /^env:\/\/([A-Z][A-Z0-9_]*)$/;

/** `vault://mount/path#field` (KV version 2) or `env://NAME`. @returns undefined for anything else */
export function parseReference(text: string): Reference | undefined {
  const [, mount, path, field] = VAULT.exec(text) ?? [];
  if (mount !== undefined && path !== undefined && field !== undefined) {
    const parts = path.split('/');
    // A part of dots only would lead out of the place that was named.
    return parts.some((part) => /^\.+$/.test(part))
      ? undefined
      : { kind: 'vault', mount, path: parts, field };
  }
  const [, name] = ENV.exec(text) ?? [];
  return name === undefined ? undefined : { kind: 'env', name };
}
