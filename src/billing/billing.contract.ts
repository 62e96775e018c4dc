import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { LEASE_STATES } from './lease-states.contract.js';
import { LISTED_UNITS, priceOfMillion } from './rates.contract.js';
import {
  instant,
  label,
  money,
  page,
  pageQuery,
  positiveMoney,
  signedMoney,
  uuid,
} from '../kernel/wire.js';

export const ENTRY_KINDS = [
  'DEPOSIT',
  'WITHDRAWAL',
  'CORRECTION',
  'GRANT',
  'SETTLE',
  'LATE',
  'RETURN',
  'CHARGE',
  'OVERDRAFT',
  'OVERDRAFT_REPAID',
  'CARRIED',
] as const;

export const leaseView = z
  .object({
    id: uuid,
    projectId: uuid,
    projectName: z.string(),
    keyId: z.string(),
    sessionId: uuid,
    agent: z.string().describe('Name or host of the process that holds it.'),
    ip: z.string(),
    state: z.enum(LEASE_STATES),
    amount: money,
    used: money,
    late: money.describe('Reported after the end or beyond the amount.'),
    grantedAt: instant,
    expiresAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Lease' });

export const entryView = z
  .object({
    id: z.string(),
    at: instant,
    kind: z.enum(ENTRY_KINDS),
    amount: signedMoney.describe('Change of the free balance.'),
    leased: signedMoney.describe('Change of what agents hold.'),
    spent: signedMoney.describe('Change of what was spent.'),
    leaseId: uuid.nullable(),
    actor: z.string(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'LedgerEntry' });

const projectId = z.strictObject({ projectId: uuid });
const transfer = z
  .strictObject({
    requestId: uuid.describe('Made by you: the same id twice moves the money once.'),
    amount: positiveMoney,
    reason: label(200).optional(),
  })
  .meta({ id: 'TransferRequest' });
export const transferAnswer = z
  .object({
    projectId: uuid,
    deposited: money,
    spent: money,
    leased: money,
    available: money,
    debt: money,
  })
  .meta({ id: 'ProjectBalance' });

export const deposit = defineRoute({
  id: 'deposit',
  method: 'POST',
  path: '/v1/projects/{projectId}/deposits',
  tag: 'Billing',
  summary: 'Add money to a project',
  access: 'money:write',
  params: projectId,
  body: transfer,
  answer: transferAnswer,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const withdraw = defineRoute({
  id: 'withdraw',
  method: 'POST',
  path: '/v1/projects/{projectId}/withdrawals',
  tag: 'Billing',
  summary: 'Take free money out of a project',
  access: 'money:write',
  params: projectId,
  body: transfer,
  answer: transferAnswer,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT', 'BALANCE_TOO_LOW'],
});

export const listEntries = defineRoute({
  id: 'listEntries',
  method: 'GET',
  path: '/v1/projects/{projectId}/ledger',
  tag: 'Billing',
  summary: 'Ledger of a project, newest first',
  access: 'money:read',
  params: projectId,
  query: z.strictObject(pageQuery),
  answer: page(entryView).meta({ id: 'LedgerPage' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const listLeases = defineRoute({
  id: 'listLeases',
  method: 'GET',
  path: '/v1/leases',
  tag: 'Billing',
  summary: 'Leases, newest first',
  access: 'money:read',
  query: z.strictObject({
    ...pageQuery,
    cursor: uuid.optional(),
    projectId: uuid.optional(),
    open: z.stringbool().optional(),
  }),
  answer: page(leaseView).meta({ id: 'LeasePage' }),
  status: 200,
  errors: [],
});

export const revokeLease = defineRoute({
  id: 'revokeLease',
  method: 'POST',
  path: '/v1/leases/{leaseId}/revoke',
  tag: 'Billing',
  summary: 'End a lease; the unreported rest goes back, what is still reported is booked as late',
  access: 'project:pause',
  params: z.strictObject({ leaseId: uuid }),
  answer: leaseView,
  status: 200,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const checkLedger = defineRoute({
  id: 'checkLedger',
  method: 'GET',
  path: '/v1/ledger/check',
  tag: 'Billing',
  summary: "Check the invariants of your organization's ledger",
  access: 'money:read',
  answer: z
    .object({
      ok: z.boolean(),
      checkedAccounts: z.int(),
      findings: z.array(
        z.object({
          invariant: z.string(),
          subject: z.string(),
          expected: z.string(),
          found: z.string(),
        }),
      ),
    })
    .meta({ id: 'LedgerCheck' }),
  status: 200,
  errors: [],
});

const otherRate = z
  .object({
    unit: z
      .enum(LISTED_UNITS)
      .describe('As usage records name it; `calls`: beside all that a call uses.'),
    rate: priceOfMillion.describe('Of so many units as `per` tells.'),
    per: z.int(),
  })
  .meta({ id: 'OtherRate' });

export const listPrices = defineRoute({
  id: 'listPrices',
  method: 'GET',
  path: '/v1/prices',
  tag: 'Billing',
  summary: 'What each model of the price table costs now, own rates and mark-up included',
  access: 'usage:read',
  query: z.strictObject({
    provider: z.string().max(64).optional(),
    search: z.string().max(80).optional(),
    projectId: uuid
      .optional()
      .describe("With the project's own rates and mark-up; the organization's unless given."),
    basis: z
      .enum(['charged', 'list'])
      .optional()
      .describe('`list`: the table alone, without own rates and mark-up; `charged` unless given.'),
  }),
  answer: z
    .object({
      version: z.string().describe('Of the price table.'),
      markupBasisPoints: z.int().describe('Contained in every price below; 100 is one percent.'),
      items: z.array(
        z
          .object({
            provider: z.string(),
            model: z.string(),
            source: z.enum(['table', 'override']).describe('`override`: own rates.'),
            inputPerMillion: priceOfMillion.nullable(),
            cacheReadPerMillion: priceOfMillion.nullable().describe('null: as input.'),
            outputPerMillion: priceOfMillion.nullable(),
            otherRates: z
              .array(otherRate)
              .describe(
                'What else the model is paid by. Tokens without a rate here cost as input or output, other units nothing.',
              ),
            contextTokens: z.int().nullable(),
            maxOutputTokens: z.int().nullable(),
          })
          .meta({ id: 'Price' }),
      ),
    })
    .meta({ id: 'PriceList' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const BILLING_ROUTES = [
  deposit,
  withdraw,
  listEntries,
  listLeases,
  revokeLease,
  checkLedger,
  listPrices,
];
