import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { instant, label } from '../kernel/wire.js';

export const vaultView = z
  .object({
    sealed: z.boolean().describe('true: no secret is handed out or stored.'),
    sealedAt: instant.nullable(),
    masterKeyId: z.string().describe('Id of the master key (KEK) of this server.'),
    dataKeyVersion: z.int().describe("Version of the organization's data key; 0: it has none yet."),
    dataKeyCreatedAt: instant.nullable(),
    remaining: z.int().describe('Versions of secrets that an earlier data key still encrypts.'),
    wrappedElsewhere: z
      .int()
      .describe("The organization's data keys that another master key wraps."),
  })
  .meta({ id: 'Vault' });

export const getVault = defineRoute({
  id: 'getVault',
  method: 'GET',
  path: '/v1/vault',
  tag: 'Vault',
  summary: 'State of the vault and of the keys that encrypt this organization’s secrets',
  access: 'secret:read',
  answer: vaultView,
  status: 200,
  errors: [],
});

export const rotateDataKey = defineRoute({
  id: 'rotateDataKey',
  method: 'POST',
  path: '/v1/vault/data-keys',
  tag: 'Vault',
  summary: 'Make a new data key and encrypt the secrets with it, part by part',
  access: 'secret:write',
  body: z
    .strictObject({
      replaces: z
        .int()
        .min(0)
        .max(1_000_000)
        .describe('Version of the data key to leave. Repeat with it until nothing remains.'),
    })
    .meta({ id: 'DataKeyRequest' }),
  answer: vaultView,
  status: 200,
  errors: ['CONFLICT', 'VAULT_SEALED', 'KEK_MISSING', 'SECRET_UNREADABLE', 'SECRET_ALTERED'],
});

export const rewrapKeys = defineRoute({
  id: 'rewrapKeys',
  method: 'POST',
  path: '/v1/vault/rewrap',
  tag: 'Vault',
  summary: 'Wrap every key of the installation under the current master key, part by part',
  access: 'vault:operate',
  body: z.strictObject({}),
  answer: z
    .object({
      masterKeyId: z.string(),
      rewrapped: z.int().describe('Keys that this request wrapped anew.'),
      remaining: z.int().describe('Repeat until nothing remains.'),
      retired: z.array(z.string()).describe('Master keys that are not needed any more.'),
    })
    .meta({ id: 'RewrapAnswer' }),
  status: 200,
  errors: ['VAULT_SEALED', 'KEK_MISSING'],
});

export const sealVault = defineRoute({
  id: 'sealVault',
  method: 'POST',
  path: '/v1/vault/seal',
  tag: 'Vault',
  summary: 'Stop handing out secrets, everywhere and at once; money, reports and pauses go on',
  access: 'vault:operate',
  body: z.strictObject({ reason: label(200).optional() }),
  answer: vaultView,
  status: 200,
  errors: [],
});

export const unsealVault = defineRoute({
  id: 'unsealVault',
  method: 'POST',
  path: '/v1/vault/unseal',
  tag: 'Vault',
  summary: 'Read the master key again and hand out secrets',
  access: 'vault:operate',
  body: z.strictObject({}),
  answer: vaultView,
  status: 200,
  errors: ['KEK_MISSING'],
});

export const shredVault = defineRoute({
  id: 'shredVault',
  method: 'POST',
  path: '/v1/vault/shred',
  tag: 'Vault',
  summary: 'Destroy the keys and all secrets of this organization, for good; the ledger remains',
  access: 'vault:shred',
  body: z
    .strictObject({
      confirm: z.string().max(80).describe('The name of the organization, typed as it is.'),
    })
    .meta({ id: 'ShredRequest' }),
  answer: z
    .object({ dataKeys: z.int(), secrets: z.int(), versions: z.int() })
    .meta({ id: 'ShredAnswer' }),
  status: 200,
  errors: [],
});

export const VAULT_KEY_ROUTES = [
  getVault,
  rotateDataKey,
  rewrapKeys,
  sealVault,
  unsealVault,
  shredVault,
];
