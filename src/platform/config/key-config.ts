import { z } from 'zod';
import { REFERENCE_PREFIX } from '../../kernel/secret-reference.js';

/** Where keys may come from besides `IRON_CAGE_KEK` and `IRON_CAGE_KEK_FILE`; see docs/operations.md, "Keys". */
export interface KeyConfig {
  /** `aws:<key id, ARN or alias>` or `vault:<transit mount>/<key>`: who wraps the master key. */
  readonly kms: string | undefined;
  readonly kmsPrevious: string | undefined;
  readonly kekPrevious: string | undefined;
  readonly kekPreviousFile: string | undefined;
  /** HashiCorp Vault, for its transit engine and for references to its secrets. */
  readonly vaultAddress: string | undefined;
  readonly vaultToken: string | undefined;
  readonly vaultNamespace: string | undefined;
  /** The variables that a secret may refer to. */
  readonly referenceVariables: Readonly<Record<string, string>>;
}

const kms = z.string().regex(/^(aws:\S+|vault:[\w-]+(\/[\w-]+)*\/[\w.-]+)$/, {
  error: 'must look like aws:alias/iron-cage or vault:transit/iron-cage',
});

export const keyVariables = {
  IRON_CAGE_KMS: kms.optional(),
  IRON_CAGE_KMS_PREVIOUS: kms.optional(),
  IRON_CAGE_KEK_PREVIOUS: z.string().min(1).optional(),
  IRON_CAGE_KEK_PREVIOUS_FILE: z.string().min(1).optional(),
  VAULT_ADDR: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
      error: 'must look like https://vault.example.com:8200',
    })
    .optional(),
  VAULT_TOKEN: z.string().min(1).optional(),
  VAULT_NAMESPACE: z.string().min(1).optional(),
};

type Variables = z.output<z.ZodObject<typeof keyVariables>>;

/** @param all every variable of the environment; only those that start with {@link REFERENCE_PREFIX} are kept */
export function keyConfig(
  env: Variables,
  all: Readonly<Record<string, string | undefined>>,
): KeyConfig {
  return {
    kms: env.IRON_CAGE_KMS,
    kmsPrevious: env.IRON_CAGE_KMS_PREVIOUS,
    kekPrevious: env.IRON_CAGE_KEK_PREVIOUS,
    kekPreviousFile: env.IRON_CAGE_KEK_PREVIOUS_FILE,
    vaultAddress: env.VAULT_ADDR?.replace(/\/+$/, ''),
    vaultToken: env.VAULT_TOKEN,
    vaultNamespace: env.VAULT_NAMESPACE,
    referenceVariables: Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        name.startsWith(REFERENCE_PREFIX) && value !== undefined ? [[name, value]] : [],
      ),
    ),
  };
}
