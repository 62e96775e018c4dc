import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/index.js';
import { systemClock } from '../../kernel/clock.js';
import { AppError, notFound } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { actorOf, type UserPrincipal } from '../../kernel/principal.js';
import { hashOf, isRepetition } from '../../kernel/request-hash.js';
import type { AnswerOf, InputOf } from '../../kernel/route.js';
import { type Tx, UnitOfWork } from '../../platform/database/index.js';
import { Signals } from '../../platform/redis/index.js';
import { dayOf, type Rates, type Tiers } from '../domain/pricing.js';
import type {
  createPriceOverride,
  getPriceTerms,
  listPriceOverrides,
  setPriceCeiling,
  setPriceMarkup,
} from '../prices.contract.js';
import { PRICES_TOPIC } from './price-book.js';
import { perMillionOf, ratesOf } from './rates-per-million.js';

const MOST_OVERRIDES = 500;

type OverrideView = AnswerOf<typeof createPriceOverride>;
type Terms = AnswerOf<typeof getPriceTerms>;
interface OverrideRow extends Omit<OverrideView, 'rates' | 'tiers'> {
  readonly rates: Rates;
  readonly tiers: Tiers;
}
interface TermRow {
  readonly projectId: string | null;
  readonly actor: string;
  readonly reason: string;
  readonly updatedAt: Date;
}

/** Own rates, mark-ups and ceilings: what an organization makes of the price table. */
@Injectable()
export class PriceRules {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly signals: Signals,
  ) {}

  async overrides(
    organizationId: string,
    { projectId }: InputOf<typeof listPriceOverrides>['query'],
  ): Promise<AnswerOf<typeof listPriceOverrides>> {
    await this.refuseUnknownProject(this.unitOfWork, organizationId, projectId);
    const rows = await this.unitOfWork.read<OverrideRow>(
      organizationId,
      `${SELECT_OVERRIDE} AND removed_at IS NULL AND ($2::uuid IS NULL OR project_id IS NULL OR project_id = $2)
       ORDER BY project_id IS NULL, effective_from DESC, id DESC`,
      [organizationId, projectId ?? null],
    );
    return { items: rows.map(viewOf) };
  }

  async createOverride(
    user: UserPrincipal,
    body: InputOf<typeof createPriceOverride>['body'],
  ): Promise<OverrideView> {
    const { organizationId } = user;
    const { id = newId() } = body;
    const requestHash = hashOf(body);
    const from = body.from ?? dayOf(systemClock.now());
    const rates = ratesOf(body.rates);
    const tiers = tiersOf(body.tiers ?? []);
    await this.change(user, body.projectId, async (tx) => {
      if (await this.isMadeAlready(tx, organizationId, id, requestHash)) return undefined;
      if (body.until !== undefined && body.until <= from) {
        throw new AppError('VALIDATION_FAILED', 'The override must end after it began.');
      }
      const made = await tx.query(
        `INSERT INTO price_overrides
           (organization_id, id, project_id, provider, model, rates, tiers, effective_from, effective_until, actor, reason, request_hash)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
         WHERE (SELECT count(*) FROM price_overrides WHERE organization_id = $1 AND removed_at IS NULL) < ${MOST_OVERRIDES}
         ON CONFLICT DO NOTHING RETURNING id`,
        [
          organizationId,
          id,
          body.projectId ?? null,
          body.provider,
          body.model,
          JSON.stringify(rates),
          JSON.stringify(tiers),
          from,
          body.until ?? null,
          actorOf(user),
          body.reason,
          requestHash,
        ],
      );
      // The same id came twice at once: the other one has just been committed.
      if (made.length === 0 && (await this.isMadeAlready(tx, organizationId, id, requestHash))) {
        return undefined;
      }
      if (made.length === 0) {
        throw new AppError(
          'CONFLICT',
          `An organization has at most ${MOST_OVERRIDES} price overrides. Remove one first.`,
        );
      }
      const { provider, model, projectId = null, until = null, reason } = body;
      return {
        action: 'price.override',
        target: `price-override:${id}`,
        details: { projectId, provider, model, picoPerToken: rates, tiers, from, until, reason },
      };
    });
    const [row] = await this.unitOfWork.read<OverrideRow>(
      organizationId,
      `${SELECT_OVERRIDE} AND id = $2`,
      [organizationId, id],
    );
    if (!row) throw notFound('price override');
    return viewOf(row);
  }

  /** @throws {AppError} CONFLICT when the id was used for another override */
  private async isMadeAlready(
    tx: Tx,
    organizationId: string,
    overrideId: string,
    requestHash: Buffer,
  ): Promise<boolean> {
    const [before] = await tx.query<{ requestHash: Buffer | null }>(
      'SELECT request_hash AS "requestHash" FROM price_overrides WHERE organization_id = $1 AND id = $2',
      [organizationId, overrideId],
    );
    return isRepetition(before, requestHash, 'price override');
  }

  async removeOverride(user: UserPrincipal, overrideId: string): Promise<void> {
    await this.change(user, undefined, async (tx) => {
      const gone = await tx.query(
        `UPDATE price_overrides SET removed_at = now(), removed_by = $3
         WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL RETURNING id`,
        [user.organizationId, overrideId, actorOf(user)],
      );
      if (gone.length === 0) throw notFound('price override');
      return {
        action: 'price.override-remove',
        target: `price-override:${overrideId}`,
        details: {},
      };
    });
  }

  async terms(
    organizationId: string,
    { projectId }: InputOf<typeof getPriceTerms>['query'],
  ): Promise<Terms> {
    await this.refuseUnknownProject(this.unitOfWork, organizationId, projectId);
    const scope = [organizationId, projectId ?? null];
    const [markups, ceilings] = await Promise.all([
      this.unitOfWork.read<TermRow & { basisPoints: number }>(
        organizationId,
        `SELECT basis_points AS "basisPoints", ${TERM_COLUMNS} FROM price_markups ${TERM_ROWS}`,
        scope,
      ),
      this.unitOfWork.read<TermRow & { rates: Rates }>(
        organizationId,
        `SELECT rates, ${TERM_COLUMNS} FROM price_ceilings ${TERM_ROWS}`,
        scope,
      ),
    ]);
    return {
      markups,
      ceilings: ceilings.map((row) => ({ ...row, rates: perMillionOf(row.rates) })),
    };
  }

  setMarkup(user: UserPrincipal, body: InputOf<typeof setPriceMarkup>['body']): Promise<Terms> {
    const { projectId, basisPoints, reason } = body;
    return this.setTerm(user, {
      name: 'markup',
      projectId,
      value: basisPoints,
      reason,
      details: { basisPoints },
    });
  }

  setCeiling(user: UserPrincipal, body: InputOf<typeof setPriceCeiling>['body']): Promise<Terms> {
    const { projectId, rates, reason } = body;
    const pico = rates && ratesOf(rates);
    return this.setTerm(user, {
      name: 'ceiling',
      projectId,
      value: pico && JSON.stringify(pico),
      reason,
      details: { picoPerToken: pico },
    });
  }

  private async setTerm(user: UserPrincipal, term: Term): Promise<Terms> {
    const { organizationId } = user;
    const { name, projectId, value, reason, details } = term;
    const scopeId = projectId ?? organizationId;
    const { table, column } = TERMS[name];
    await this.change(user, projectId, async (tx) => {
      if (value === null) {
        await tx.query(`DELETE FROM ${table} WHERE organization_id = $1 AND scope_id = $2`, [
          organizationId,
          scopeId,
        ]);
      } else {
        await tx.query(
          `INSERT INTO ${table} (organization_id, scope_id, ${column}, actor, reason) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (organization_id, scope_id)
           DO UPDATE SET ${column} = EXCLUDED.${column}, actor = EXCLUDED.actor, reason = EXCLUDED.reason, updated_at = now()`,
          [organizationId, scopeId, value, actorOf(user), reason],
        );
      }
      const target =
        projectId === undefined ? `organization:${organizationId}` : `project:${projectId}`;
      return { action: `price.${name}`, target, details: { ...details, reason } };
    });
    return this.terms(organizationId, projectId === undefined ? {} : { projectId });
  }

  /** A change, its audit row, and the word to all who remember prices; neither where the work says that nothing changed. */
  private async change(
    user: UserPrincipal,
    projectId: string | undefined,
    work: (tx: Tx) => Promise<ChangeEvent | undefined>,
  ): Promise<void> {
    const { organizationId } = user;
    const changed = await this.unitOfWork.run(organizationId, async (tx) => {
      await this.refuseUnknownProject(tx, organizationId, projectId);
      const event = await work(tx);
      if (event === undefined) return false;
      await this.audit.record(tx, { organizationId, actor: actorOf(user), ...event });
      return true;
    });
    if (changed) this.signals.publish({ organizationId, topic: PRICES_TOPIC });
  }

  private async refuseUnknownProject(
    reader: UnitOfWork | Tx,
    organizationId: string,
    projectId: string | undefined,
  ): Promise<void> {
    if (projectId === undefined) return;
    const sql = 'SELECT 1 FROM projects WHERE organization_id = $1 AND id = $2';
    const scope = [organizationId, projectId];
    const rows =
      reader instanceof UnitOfWork
        ? await reader.read(organizationId, sql, scope)
        : await reader.query(sql, scope);
    if (rows.length === 0) throw notFound('project');
  }
}

interface ChangeEvent {
  readonly action: string;
  readonly target: string;
  readonly details: Record<string, unknown>;
}

interface Term {
  readonly name: keyof typeof TERMS;
  readonly projectId: string | undefined;
  /** null removes it. */
  readonly value: number | string | null;
  readonly reason: string;
  readonly details: Record<string, unknown>;
}

const TERMS = {
  markup: { table: 'price_markups', column: 'basis_points' },
  ceiling: { table: 'price_ceilings', column: 'rates' },
} as const;

const SELECT_OVERRIDE = `
  SELECT id, project_id AS "projectId", provider, model, rates, tiers, effective_from::text AS "from", effective_until::text AS until, actor, reason,
    created_at AS "createdAt"
  FROM price_overrides WHERE organization_id = $1`;
const TERM_COLUMNS = `nullif(scope_id, organization_id) AS "projectId", actor, reason, updated_at AS "updatedAt"`;
const TERM_ROWS = `
  WHERE organization_id = $1 AND ($2::uuid IS NULL OR scope_id IN ($1, $2)) ORDER BY scope_id = organization_id DESC, scope_id LIMIT 10000`;

function viewOf({ rates, tiers, ...row }: OverrideRow): OverrideView {
  return {
    ...row,
    rates: perMillionOf(rates),
    tiers: tiers.map((tier) => ({ ...tier, rates: perMillionOf(tier.rates) })),
  };
}

/** Ascending by their thresholds. */
function tiersOf(given: NonNullable<InputOf<typeof createPriceOverride>['body']['tiers']>): Tiers {
  return [...given]
    .sort((first, second) => first.aboveInputTokens - second.aboveInputTokens)
    .map((tier) => ({ aboveInputTokens: tier.aboveInputTokens, rates: ratesOf(tier.rates) }));
}
