import { z } from 'zod';
import { defineRoute } from '../kernel/route.js';
import { day, instant, label, money, uuid } from '../kernel/wire.js';
import { rates, tiers } from './rates.contract.js';

/* Versions of the price table, what an organization makes of it, and the proof that what was booked follows from both. */

/** An agent may look at a name as often as it has letters, for each star. */
const MOST_STARS = 2;
const LONGEST_RANGE_DAYS = 31;
const DAY_MS = 86_400_000;

const provider = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]*$/, { error: 'Give a provider id such as openai.' });
const glob = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9._:/@*-]+$/, { error: 'Give a model name; * stands for any characters.' })
  .refine((text) => text.split('*').length - 1 <= MOST_STARS, {
    error: `Use at most ${MOST_STARS} stars.`,
  });
const reason = label(200).describe('Kept in the audit trail.');
const optionalProject = uuid.optional().describe('Left out: the whole organization.');
const basisPoints = z.int().min(0).max(100_000).describe('100 is one percent.');
const projectFilter = z.strictObject({
  projectId: uuid.optional().describe("Only the project's own and the organization's."),
});

export const overrideView = z
  .object({
    id: uuid,
    projectId: uuid.nullable().describe('null: the whole organization'),
    provider: z.string(),
    model: z.string().describe('A name, or a glob.'),
    rates,
    tiers,
    from: z.iso.date().describe('First day, UTC.'),
    until: z.iso.date().nullable().describe('First day on which it does not apply any more.'),
    actor: z.string(),
    reason: z.string(),
    createdAt: instant,
  })
  .meta({ id: 'PriceOverride' });

const scopeTerms = {
  projectId: uuid.nullable().describe('null: the whole organization'),
  actor: z.string(),
  reason: z.string(),
  updatedAt: instant,
};
const termsView = z
  .object({
    markups: z.array(z.object({ ...scopeTerms, basisPoints })),
    ceilings: z.array(z.object({ ...scopeTerms, rates })),
  })
  .meta({ id: 'PriceTerms' });

export const listPriceVersions = defineRoute({
  id: 'listPriceVersions',
  method: 'GET',
  path: '/v1/prices/versions',
  tag: 'Prices',
  summary: 'Versions of the price table, newest first',
  access: 'usage:read',
  answer: z
    .object({
      items: z.array(
        z
          .object({
            version: z.string(),
            source: z.string(),
            effectiveFrom: instant,
            createdAt: instant,
            models: z.int(),
            inForce: z.boolean(),
          })
          .meta({ id: 'PriceVersion' }),
      ),
    })
    .meta({ id: 'PriceVersionList' }),
  status: 200,
  errors: [],
});

export const getPriceVersion = defineRoute({
  id: 'getPriceVersion',
  method: 'GET',
  path: '/v1/prices/versions/{version}',
  tag: 'Prices',
  summary: 'A price table as it is in the books, in the form of docs/sdk-protocol.md',
  access: 'usage:read',
  params: z.strictObject({ version: z.string().min(1).max(64) }),
  answer: z
    .looseObject({
      version: z.string(),
      models: z.array(z.looseObject({ provider: z.string(), id: z.string() })),
    })
    .meta({ id: 'StoredPriceTable' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const pricePublicKey = defineRoute({
  id: 'pricePublicKey',
  method: 'GET',
  path: '/v1/prices/public-key',
  tag: 'Prices',
  summary: 'The key that price bundles are signed with; pin it in agents as IRON_CAGE_PRICES_KEY',
  access: 'usage:read',
  answer: z
    .object({ algorithm: z.literal('Ed25519'), key: z.string().describe('32 bytes, base64url') })
    .meta({ id: 'PricePublicKey' }),
  status: 200,
  errors: [],
});

export const listPriceOverrides = defineRoute({
  id: 'listPriceOverrides',
  method: 'GET',
  path: '/v1/prices/overrides',
  tag: 'Prices',
  summary: 'Own rates, in the order in which they are looked at',
  access: 'usage:read',
  query: projectFilter,
  answer: z.object({ items: z.array(overrideView) }).meta({ id: 'PriceOverrideList' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const createPriceOverride = defineRoute({
  id: 'createPriceOverride',
  method: 'POST',
  path: '/v1/prices/overrides',
  tag: 'Prices',
  summary: "Set own rates for models: a project's beat the organization's, and those the table",
  access: 'money:write',
  body: z
    .strictObject({
      id: uuid
        .optional()
        .describe(
          'Made by you, so that you may repeat the request; the same id is the same override.',
        ),
      projectId: optionalProject,
      provider,
      model: glob,
      rates,
      tiers: tiers.optional(),
      from: day.optional().describe('Today (UTC) unless given.'),
      until: day.optional().describe('First day on which it does not apply any more.'),
      reason,
    })
    .refine(({ from, until }) => from === undefined || until === undefined || from < until, {
      error: 'It must end after it began.',
      path: ['until'],
    })
    .meta({ id: 'PriceOverrideRequest' }),
  answer: overrideView,
  status: 201,
  errors: ['NOT_FOUND', 'CONFLICT'],
});

export const removePriceOverride = defineRoute({
  id: 'removePriceOverride',
  method: 'DELETE',
  path: '/v1/prices/overrides/{overrideId}',
  tag: 'Prices',
  summary: 'End an override; what was priced by it stays as it is',
  access: 'money:write',
  params: z.strictObject({ overrideId: uuid }),
  status: 204,
  errors: ['NOT_FOUND'],
});

export const getPriceTerms = defineRoute({
  id: 'getPriceTerms',
  method: 'GET',
  path: '/v1/prices/terms',
  tag: 'Prices',
  summary: 'Mark-ups and ceiling prices',
  access: 'usage:read',
  query: projectFilter,
  answer: termsView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const setPriceMarkup = defineRoute({
  id: 'setPriceMarkup',
  method: 'PUT',
  path: '/v1/prices/markup',
  tag: 'Prices',
  summary: "Add a share to every cost; a project's own replaces the organization's",
  access: 'money:write',
  body: z
    .strictObject({
      projectId: optionalProject,
      basisPoints: basisPoints.nullable().describe('100 is one percent; null removes it.'),
      reason,
    })
    .meta({ id: 'PriceMarkupRequest' }),
  answer: termsView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const setPriceCeiling = defineRoute({
  id: 'setPriceCeiling',
  method: 'PUT',
  path: '/v1/prices/ceiling',
  tag: 'Prices',
  summary: 'Price the models that nothing else knows; without a ceiling agents may not use them',
  access: 'money:write',
  body: z
    .strictObject({
      projectId: optionalProject,
      rates: rates.nullable().describe('null removes it.'),
      reason,
    })
    .meta({ id: 'PriceCeilingRequest' }),
  answer: termsView,
  status: 200,
  errors: ['NOT_FOUND'],
});

export const recomputePrices = defineRoute({
  id: 'recomputePrices',
  method: 'GET',
  path: '/v1/prices/recompute',
  tag: 'Prices',
  summary: 'Make the cost of every usage record again and compare it with what was booked',
  access: 'money:read',
  query: z.strictObject({
    from: instant
      .optional()
      .describe(`The last ${LONGEST_RANGE_DAYS} days unless given; at most so many.`),
    to: instant.optional().describe('Now unless given; not included.'),
    projectId: uuid.optional(),
  }),
  answer: z
    .object({
      ok: z.boolean(),
      from: instant,
      to: instant,
      count: z.int().describe('Records that were made again.'),
      booked: money,
      derived: money,
      clientPriced: z.int().describe("Of these, booked by the client's own figure."),
      unverifiable: z.int().describe('Records from before costs were explained; not in the sums.'),
      unverifiableBooked: money,
      mismatched: z.int(),
      mismatches: z
        .array(
          z.object({
            id: uuid,
            at: instant,
            projectId: uuid,
            provider: z.string(),
            model: z.string(),
            version: z.string(),
            booked: money,
            derived: money.nullable().describe('null: what it was priced by is gone.'),
          }),
        )
        .describe('The first of them.'),
    })
    .meta({ id: 'PriceRecompute' }),
  status: 200,
  errors: ['NOT_FOUND'],
});

export const LONGEST_RANGE_MS = LONGEST_RANGE_DAYS * DAY_MS;

export const PRICE_ROUTES = [
  listPriceVersions,
  getPriceVersion,
  pricePublicKey,
  listPriceOverrides,
  createPriceOverride,
  removePriceOverride,
  getPriceTerms,
  setPriceMarkup,
  setPriceCeiling,
  recomputePrices,
];
