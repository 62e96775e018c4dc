import { z } from 'zod';
import { parseReference, REFERENCE_PREFIX } from '../kernel/secret-reference.js';

/** Variables that steer the process itself: a secret must not be able to. */
const RESERVED =
  /^(PATH|HOME|SHELL|USER|TMPDIR|NODE_.*|LD_.*|DYLD_.*|IRON_CAGE_.*|SSL_CERT_.*|(HTTPS?|ALL|NO)_PROXY)$/;
/** Headers that steer the connection or belong to the client: a secret must not be able to set them. */
const FORBIDDEN_HEADER =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|expect|via|cookie|origin|referer|proxy-.*|sec-.*|accept-.*|x-forwarded-.*|x-stainless-.*|forwarded)$/;
const FIELDS_MAX = 16;

const fieldName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, {
    error: 'A field is named like an environment variable: OPENAI_API_KEY.',
  })
  .refine((name) => !RESERVED.test(name), {
    error:
      "This variable steers the agent's process; name the field after the provider, such as OPENAI_API_KEY.",
  });

export const fieldValue = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[\u0021-\u007e]+$/, {
    error: 'A provider key has no spaces, line breaks or special characters.',
  });

const reference = z
  .string()
  .max(512)
  .superRefine((text, context) => {
    const parsed = parseReference(text);
    if (!parsed)
      context.addIssue('Give vault://mount/path#field (KV version 2) or env://NAME of the server.');
    else if (parsed.kind === 'env' && !parsed.name.startsWith(REFERENCE_PREFIX))
      context.addIssue(
        `Only variables whose name starts with ${REFERENCE_PREFIX} can be referred to.`,
      );
  });

export const host = z
  .string()
  .max(260)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/, {
    error: 'Give a host such as api.openai.com, without a scheme or path.',
  })
  .refine(isHost, { error: 'This is not a host that can be reached, such as api.openai.com.' });

/** What an SDK will compare with the address of a request. */
function isHost(text: string): boolean {
  const address = `https://${text}`;
  return !text.includes('..') && URL.canParse(address) && new URL(address).host === text;
}

const path = z
  .string()
  .max(260)
  .regex(/^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/, {
    error: 'Give the beginning of a path such as /v1/, without a query.',
  })
  .refine((text) => new URL(text, 'https://x').pathname === text && !/\/\.{2}|\/\//.test(text), {
    error: 'Give the path as it is sent: no dots that lead elsewhere, no empty parts.',
  });

/** Where a secret may be sent, for whom it is, and in which header it travels. */
export const termsShape = {
  hosts: z.array(host).min(1).max(16),
  paths: z
    .array(path)
    .max(16)
    .describe('Beginnings of paths that it may be sent to; empty: every path of its hosts.'),
  header: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
          error: 'Give the name of a header in lower case, such as x-api-key.',
        })
        .refine((name) => !FORBIDDEN_HEADER.test(name), {
          error: 'This header belongs to the connection or the client; a secret cannot set it.',
        }),
      value: z
        .string()
        .min(1)
        .max(256)
        .regex(/^[\u0020-\u007e]+$/, { error: 'Use printable ASCII.' })
        .describe('{secret} stands for its only field, {NAME} for the field of that name.'),
    })
    .nullable()
    .describe('The header that the SDK sets on requests to its hosts; null: none.')
    .meta({ id: 'SecretHeader' }),
  metered: z
    .boolean()
    .describe('false: its hosts are no model provider, and requests to them cost nothing here.'),
  environment: z
    .enum(['any', 'dev', 'live'])
    .describe('Which Iron Cage keys get it. It stays what it is for the life of the secret.'),
};

const valueShape = {
  fields: z.record(fieldName, fieldValue).optional(),
  references: z
    .record(fieldName, reference)
    .optional()
    .describe('Fields that the server reads elsewhere at each delivery. Only operators may.'),
};

interface Values {
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly references?: Readonly<Record<string, string>> | undefined;
}

/** @param rest what the body has besides its values */
export function withValues<T extends z.ZodRawShape>(rest: T) {
  return z.strictObject({ ...rest, ...valueShape }).superRefine((body, context) => {
    const { fields = {}, references = {} } = body as Values;
    const names = [...Object.keys(fields), ...Object.keys(references)];
    const addIssue = (message: string) => {
      context.addIssue({ code: 'custom', path: ['fields'], message });
    };
    if (names.length < 1 || names.length > FIELDS_MAX)
      addIssue(`Give between one and ${String(FIELDS_MAX)} fields.`);
    if (new Set(names).size < names.length)
      addIssue('A field is either a value or a reference, not both.');
  });
}
