import { createHash } from 'node:crypto';
import { SYSTEM, type UnitOfWork } from '../../platform/database/index.js';
import type { Override, Rates, Tiers } from '../domain/pricing.js';
import { canonicalJson } from './canonical.js';
import { matchOfGlob } from './model-glob.js';

/** A change made on another replica is seen after this long, whether its signal came or not. */
const FRESH_MS = 5_000;
/** While the database does not answer, what is known counts this long. */
const USABLE_MS = 60_000;
const MOST_ORGANIZATIONS = 1_000;
const MOST_PROJECTS = 1_000;
const HASH_DIGITS = 12;

export interface PriceScope {
  readonly organizationId: string;
  readonly projectId: string;
}

/** What a project's prices are beside the table. */
export interface Terms {
  readonly overrides: readonly Override[];
  readonly markupBasisPoints: number;
  readonly ceiling: Rates | undefined;
  /** Changes with any of these; empty when there are none. */
  readonly hash: string;
}

interface OverrideRow {
  readonly organizationId: string;
  readonly id: string;
  readonly projectId: string | null;
  readonly provider: string;
  readonly model: string;
  readonly from: string;
  readonly until: string | null;
  readonly rates: Rates;
  readonly tiers: Tiers;
}
interface ScopeRow<T> {
  readonly organizationId: string;
  readonly scopeId: string;
  readonly value: T;
}

class OrganizationTerms {
  private readonly projects = new Map<string, Terms>();

  constructor(
    /** On the monotonic clock of this process. */
    readonly loadedAtMs: number,
    private readonly organizationId: string,
    private readonly overrides: readonly OverrideRow[],
    private readonly markups: readonly ScopeRow<number>[],
    private readonly ceilings: readonly ScopeRow<Rates>[],
  ) {}

  of(projectId: string): Terms {
    const known = this.projects.get(projectId);
    if (known) return known;
    if (this.projects.size >= MOST_PROJECTS) this.projects.clear();
    const terms = this.resolve(projectId);
    this.projects.set(projectId, terms);
    return terms;
  }

  /** A project's own beats the organization's; among equals the one that began last. */
  private resolve(projectId: string): Terms {
    const own = this.overrides.filter((row) => row.projectId === projectId);
    const shared = this.overrides.filter((row) => row.projectId === null);
    const overrides = [...own, ...shared].map(asOverride);
    const markupBasisPoints = this.nearest(this.markups, projectId) ?? 0;
    const ceiling = this.nearest(this.ceilings, projectId);
    const none = overrides.length === 0 && markupBasisPoints === 0 && ceiling === undefined;
    const text = canonicalJson({ overrides, markupBasisPoints, ceiling });
    const hash = none ? '' : createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
    return { overrides, markupBasisPoints, ceiling, hash };
  }

  private nearest<T>(rows: readonly ScopeRow<T>[], projectId: string): T | undefined {
    const row =
      rows.find(({ scopeId }) => scopeId === projectId) ??
      rows.find(({ scopeId }) => scopeId === this.organizationId);
    return row?.value;
  }
}

/** Overrides, mark-ups and ceilings, remembered for a few seconds. */
export class PriceTerms {
  private readonly known = new Map<string, OrganizationTerms>();
  private readonly loading = new Map<string, Promise<void>>();

  constructor(private readonly unitOfWork: UnitOfWork) {}

  async of({ organizationId, projectId }: PriceScope): Promise<Terms> {
    const [terms] = await this.ofMany([{ organizationId, projectId }]);
    if (!terms) throw new Error('no price terms were read');
    return terms;
  }

  /** One answer for each scope; one round trip for all organizations whose terms are not at hand. */
  async ofMany(scopes: readonly PriceScope[]): Promise<Terms[]> {
    const wanted = [...new Set(scopes.map(({ organizationId }) => organizationId))];
    const found = new Map<string, OrganizationTerms>();
    const stale = wanted.filter((id) => {
      const terms = this.known.get(id);
      if (terms) found.set(id, terms);
      return !terms || ageOf(terms) > FRESH_MS;
    });
    if (stale.length > 0) await this.refresh(stale, found);
    return scopes.map(({ organizationId, projectId }) => {
      const terms = found.get(organizationId);
      if (!terms) throw new Error('no price terms were read');
      return terms.of(projectId);
    });
  }

  forget(organizationId: string): void {
    this.known.delete(organizationId);
    this.loading.delete(organizationId);
  }

  private async refresh(
    ids: readonly string[],
    found: Map<string, OrganizationTerms>,
  ): Promise<void> {
    try {
      const missing = ids.filter((id) => !this.loading.has(id));
      const running = ids.flatMap((id) => this.loading.get(id) ?? []);
      if (missing.length > 0) running.push(this.startLoading(missing));
      await Promise.all(running);
    } catch (error) {
      const usable = ids.every((id) => {
        const terms = found.get(id);
        return terms !== undefined && ageOf(terms) < USABLE_MS;
      });
      if (usable) return;
      throw error;
    }
    const gone = ids.filter((id) => !this.known.has(id));
    // A change came in between: what was read may be from before it.
    for (const [id, terms] of gone.length > 0 ? await this.read(gone) : []) found.set(id, terms);
    for (const id of ids) {
      const terms = this.known.get(id);
      if (terms) found.set(id, terms);
    }
  }

  private startLoading(ids: readonly string[]): Promise<void> {
    const loading = this.read(ids)
      .then((read) => {
        for (const [id, terms] of read) if (this.loading.get(id) === loading) this.keep(id, terms);
      })
      .finally(() => {
        for (const id of ids) if (this.loading.get(id) === loading) this.loading.delete(id);
      });
    for (const id of ids) this.loading.set(id, loading);
    return loading;
  }

  private keep(id: string, terms: OrganizationTerms): void {
    this.known.delete(id);
    const [oldest] = this.known.keys();
    if (this.known.size >= MOST_ORGANIZATIONS && oldest !== undefined) this.known.delete(oldest);
    this.known.set(id, terms);
  }

  private async read(ids: readonly string[]): Promise<Map<string, OrganizationTerms>> {
    const readAtMs = performance.now();
    const [only] = ids;
    const scope = ids.length === 1 && only !== undefined ? only : SYSTEM;
    const [overrides, markups, ceilings] = await Promise.all([
      this.unitOfWork.read<OverrideRow>(scope, OVERRIDES, [ids]),
      this.unitOfWork.read<ScopeRow<number>>(scope, MARKUPS, [ids]),
      this.unitOfWork.read<ScopeRow<Rates>>(scope, CEILINGS, [ids]),
    ]);
    const of = <T extends { organizationId: string }>(rows: readonly T[], id: string): T[] =>
      rows.filter(({ organizationId }) => organizationId === id);
    return new Map(
      ids.map((id) => [
        id,
        new OrganizationTerms(readAtMs, id, of(overrides, id), of(markups, id), of(ceilings, id)),
      ]),
    );
  }
}

export function asOverride(row: Omit<OverrideRow, 'organizationId' | 'projectId'>): Override {
  const { id, provider, model, from, until, rates, tiers } = row;
  return {
    id,
    provider,
    match: matchOfGlob(model),
    from,
    ...(until !== null && { until }),
    rates,
    ...(tiers.length > 0 && { tiers }),
  };
}

function ageOf({ loadedAtMs }: OrganizationTerms): number {
  return performance.now() - loadedAtMs;
}

// What has ended stays a day longer: clocks differ.
const OVERRIDES = `
  SELECT organization_id AS "organizationId", id, project_id AS "projectId", provider, model, effective_from::text AS "from",
    effective_until::text AS "until", rates, tiers
  FROM price_overrides
  WHERE organization_id = ANY($1::uuid[]) AND removed_at IS NULL AND (effective_until IS NULL OR effective_until >= (now() AT TIME ZONE 'UTC')::date)
  ORDER BY effective_from DESC, id DESC`;
const MARKUPS = `SELECT organization_id AS "organizationId", scope_id AS "scopeId", basis_points AS value FROM price_markups WHERE organization_id = ANY($1::uuid[])`;
const CEILINGS = `SELECT organization_id AS "organizationId", scope_id AS "scopeId", rates AS value FROM price_ceilings WHERE organization_id = ANY($1::uuid[])`;
