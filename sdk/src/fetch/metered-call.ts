import type { RunClaim } from '../context/run-budget.js';
import type { Operation } from '../core/events.js';
import { ForbiddenError, RequestNotBoundedError, UnknownModelError } from '../errors/catalogue.js';
import type { HeldCall, Priced } from '../leases/lease.js';
import type { CallResult } from '../leases/lease-book.js';
import type { NanoUsd } from '../money/money.js';
import {
  costOf,
  knownModifiers,
  ratesFor,
  type ModelPrice,
  type PriceTable,
} from '../prices/price-table.js';
import { times, whole } from '../prices/ratio.js';
import {
  inputTokensOf,
  outputTokensOf,
  tokenUsage,
  UNIT_BUCKETS,
  unitsOf,
  type Bucket,
  type TokenUsage,
  type UnitBucket,
  type Units,
} from '../prices/usage.js';
import { affordableOutput, worstCost, type CallBound } from '../prices/worst-case.js';
import type { CallPlan, Endpoint, SeenUsage } from '../providers/call-plan.js';
import { inputTold } from '../usage/usage-reading.js';
import { RECORD_LIMITS, type Outcome } from '../wire/protocol.js';
import { parseJson } from './json-body.js';

/** Written into a request whose model has no known maximum. */
const FALLBACK_OUTPUT = 32_768;
/** Ways of serving that cost the standard price at most, whether the price table knows them or not. */
const neverDearer = /^service_tier:(flex|batch|on_demand|standard_only)$/;

export interface MeteredCallOptions {
  readonly provider: string;
  readonly plan: CallPlan;
  readonly prices: PriceTable;
  readonly wallMs: number;
  readonly startedAtMs: number;
  /** What to do with content whose size is not in the request. */
  readonly unbounded: 'cap' | 'block';
  /** Raised when a provider once counted more than the bound. */
  readonly calibration: number;
}

type ToldLater =
  | { readonly kind: 'pending' }
  | { readonly kind: 'elsewhere'; readonly id: string }
  | { readonly kind: 'ended'; readonly usage: SeenUsage | undefined };

/** One physical request: what it may cost, and what it has cost. */
export class MeteredCall implements HeldCall {
  readonly provider: string;
  readonly model: string;
  readonly pricesVersion: string;
  readonly startedAtMs: number;
  readonly plan: CallPlan;
  /** True when the model's largest output is unknown or not kept to, so that one must be written. */
  readonly needsOutputLimit: boolean;
  operation: Operation = 'chat';
  tags: readonly string[] = [];
  claim: RunClaim | undefined;
  readonly #price: ModelPrice;
  /** With the mark-up of the dearest way in which the request may be served. */
  readonly #boundPrice: ModelPrice;
  readonly #calibration: number;
  #inputTokens: number;
  #countInput: (() => number) | undefined;
  #outputTokens: number;
  #progress: (() => { usage: SeenUsage | undefined; receivedTokens: number }) | undefined;

  /** @throws UnknownModelError or RequestNotBoundedError */
  constructor(options: MeteredCallOptions) {
    const { provider, plan, prices } = options;
    if (!reportable(plan.model)) throw unknownModel(provider, plan.model.slice(0, 50));
    if (!prices.allows(plan.model)) throw notForModel(plan.model);
    const price = prices.find(provider, plan.model, options.wallMs);
    if (price === undefined) throw unknownModel(provider, plan.model);
    refuseUnbounded(plan, price, options.unbounded);
    refuseUnpriced(plan, price);
    this.provider = provider;
    this.plan = plan;
    this.model = plan.model;
    this.pricesVersion = prices.version;
    this.startedAtMs = options.startedAtMs;
    this.#price = price;
    const dearer = this.#expectedModifiers().map((name) => price.multipliers.get(name) ?? whole);
    this.#boundPrice = { ...price, markup: times(price.markup, ...dearer) };
    this.#calibration = options.calibration;
    this.#inputTokens = this.#boundOf(plan.inputTokens);
    this.#countInput = plan.countInput;
    const known = plan.requestedOutput ?? price.maxOutputTokens ?? price.contextTokens;
    const isOpen = plan.isEndless === true && plan.requestedOutput === undefined;
    this.needsOutputLimit = plan.hasOutput && (known === undefined || isOpen);
    this.#outputTokens = plan.hasOutput ? (known ?? FALLBACK_OUTPUT) * plan.choices : 0;
  }

  get inputTokens(): number {
    return this.#inputTokens;
  }

  /** True until the input was counted, where that takes time: so long its bound is larger. */
  get isUncounted(): boolean {
    return this.#countInput !== undefined;
  }

  /** Counts the input now. */
  countInput(): void {
    const count = this.#countInput;
    if (count === undefined) return;
    this.#countInput = undefined;
    this.#inputTokens = Math.min(this.#inputTokens, this.#boundOf(count()));
  }

  /** Largest output of one choice. */
  get outputTokensPerChoice(): number {
    return Math.floor(this.#outputTokens / this.plan.choices);
  }

  /** The most that the call can cost. */
  get worstNano(): NanoUsd {
    return worstCost(this.#boundPrice, this.#bound());
  }

  /** How many output tokens per choice an amount pays for; -1 when not even the input fits. */
  affordablePerChoice(amountNano: NanoUsd): number {
    const tokens = affordableOutput(this.#boundPrice, this.#bound(), amountNano);
    return tokens < 0 ? -1 : Math.floor(tokens / this.plan.choices);
  }

  /** The request was changed so that each choice yields at most `tokens`. */
  limitOutput(tokens: number): void {
    this.#outputTokens = tokens * this.plan.choices;
  }

  /** From now on the estimate follows what a stream has brought. */
  follow(progress: () => { usage: SeenUsage | undefined; receivedTokens: number }): void {
    this.#progress = progress;
  }

  /** Upper bound of what has been used until now. */
  estimate(): Priced {
    const { usage, receivedTokens } = this.#progress?.() ?? {
      usage: undefined,
      receivedTokens: this.#outputTokens,
    };
    if (usage?.isFinal === true) return this.told(usage, 'completed');
    const paid = this.#solelyPaid();
    if (paid !== undefined) return this.#priced(tokenUsage(paid));
    const output = this.plan.hidesReasoning
      ? this.#outputTokens
      : Math.min(this.#outputTokens, Math.max(receivedTokens, usage?.tokens.output ?? 0));
    const dear = dearestBuckets(this.#price, this.#bound());
    return this.#priced(
      usage === undefined
        ? tokenUsage({ ...this.plan.units, [dear.input]: this.#inputTokens, [dear.output]: output })
        : { ...usage.tokens, ...this.#mostUnits(usage.tokens), output },
      usage?.modifiers ?? this.#expectedModifiers(),
    );
  }

  /** What a whole answer tells; undefined when it tells no usage. */
  read(endpoint: Endpoint, answer: unknown): SeenUsage | undefined {
    const told = endpoint.readUsage(answer, this.provider);
    if (told === undefined) return undefined;
    return { ...told, modifiers: endpoint.readModifiers?.(answer) ?? [], isFinal: true };
  }

  /** What something that was fetched later tells about a call whose work went on after its answer. */
  readLater(endpoint: Endpoint, text: string, path: string): ToldLater {
    if (endpoint.readLater === undefined) {
      const answer = parseJson(text);
      return endpoint.isPending?.(answer) === true
        ? { kind: 'pending' }
        : { kind: 'ended', usage: this.read(endpoint, answer) };
    }
    const told = endpoint.readLater(text, path, this.provider);
    if (told === undefined) return { kind: 'pending' };
    if (typeof told === 'string') return { kind: 'elsewhere', id: told };
    const modifiers = this.plan.certainModifiers ?? [];
    return { kind: 'ended', usage: { ...told, modifiers, isFinal: true } };
  }

  /**
   * What the provider told; the most that it can mean where its counts contradict each other, or are not
   * of what the model is paid by.
   */
  told(usage: SeenUsage, outcome: Outcome): CallResult {
    const { doubt } = usage;
    if (doubt === undefined && this.#isOfPrice(usage.tokens)) {
      return { outcome, estimated: false, ...this.#priced(usage.tokens, usage.modifiers) };
    }
    this.countInput();
    const dear = dearestBuckets(this.#price, this.#bound());
    const most = tokenUsage({
      [dear.input]: doubt?.inputTokens ?? this.#inputTokens,
      [dear.output]: doubt?.outputTokens ?? this.#outputTokens,
      ...unitsOf(usage.tokens),
    });
    return { outcome, estimated: true, ...this.#priced(most, usage.modifiers) };
  }

  /** What must be assumed because the provider told nothing, or not everything. */
  assumed(outcome: Outcome): CallResult {
    const usage = this.#progress?.().usage;
    if (usage?.isFinal === true) return this.told(usage, outcome);
    this.countInput();
    // How many characters are spoken is in the request.
    const isKnown = this.#solelyPaid()?.characters !== undefined;
    return { outcome, estimated: !isKnown, ...this.estimate() };
  }

  /** How far the provider's input count exceeds the bound; at most 1 when the bound held. */
  excess(usage: SeenUsage): number {
    return inputTold(usage) / Math.max(1, this.#inputTokens);
  }

  #boundOf(inputTokens: number): number {
    const { plan } = this;
    const counted = Math.ceil(inputTokens * this.#calibration);
    const { contextTokens = 0 } = this.#price;
    const unknown = plan.unbounded.length > 0 ? contextTokens * (plan.rounds ?? 1) : 0;
    return plan.addsUp === true ? counted + unknown : Math.max(counted, unknown);
  }

  /** A cheaper way of serving is only a wish, unless it is sure: else nothing is taken off before the provider says so. */
  #expectedModifiers(): string[] {
    const dearer = this.plan.modifiers.filter((name) => {
      const ratio = this.#price.multipliers.get(name);
      return ratio !== undefined && ratio.numerator > ratio.denominator;
    });
    return [...dearer, ...(this.plan.certainModifiers ?? [])];
  }

  /** False for a usage of units alone that have no price: the length of a talk says nothing where tokens are paid. */
  #isOfPrice(tokens: TokenUsage): boolean {
    const units = UNIT_BUCKETS.filter((unit) => (tokens[unit] ?? 0) > 0);
    if (units.length === 0 || inputTokensOf(tokens) + outputTokensOf(tokens) > 0) return true;
    return units.some((unit) => this.#price.rates[unit] > 0n) || this.worstNano === 0n;
  }

  /** The units of a model that nothing else is paid for. */
  #solelyPaid(): Partial<Record<UnitBucket, number>> | undefined {
    const unit = solePrices.find((each) => this.#price.rates[each] > 0n);
    return unit && { [unit]: this.plan.units?.[unit] ?? 0 };
  }

  /** Not everything was told yet: of each unit the larger of what was told and what was set aside. */
  #mostUnits(told: TokenUsage): Units {
    const most: Partial<Record<UnitBucket, number>> = { ...this.plan.units };
    for (const unit of UNIT_BUCKETS) {
      const count = Math.max(most[unit] ?? 0, told[unit] ?? 0);
      if (count > 0) most[unit] = count;
    }
    return most;
  }

  #bound(): CallBound {
    const { inputBuckets, outputBuckets, units = {} } = this.plan;
    return {
      units,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      inputBuckets,
      outputBuckets,
    };
  }

  #priced(tokens: TokenUsage, modifiers: readonly string[] = []): Priced {
    const known = knownModifiers(this.#price, modifiers);
    return { tokens, modifiers: known, costNano: costOf(this.#price, tokens, known) };
  }
}

/** Nothing was used: the request was refused or never arrived. */
export function unusedResult(): CallResult {
  return { outcome: 'failed', estimated: false, tokens: tokenUsage({}), costNano: 0n };
}

function dearestBuckets(price: ModelPrice, bound: CallBound): { input: Bucket; output: Bucket } {
  const rates = ratesFor(price, bound.inputTokens);
  const dearest = (buckets: readonly Bucket[], otherwise: Bucket): Bucket =>
    buckets.reduce((most, bucket) => (rates[bucket] > rates[most] ? bucket : most), otherwise);
  return {
    input: dearest(bound.inputBuckets, 'input'),
    output: dearest(bound.outputBuckets, 'output'),
  };
}

function refuseUnbounded(plan: CallPlan, price: ModelPrice, policy: 'cap' | 'block'): void {
  const unpriced = plan.modifiers.filter(
    (name) => !price.multipliers.has(name) && !neverDearer.test(name),
  );
  const refused = [...plan.refused, ...unpriced.map((name) => name.replace(':', ' '))];
  const later = policy === 'block' && plan.isDeferred === true ? ['work in the background'] : [];
  const features =
    policy === 'block' || price.contextTokens === undefined
      ? [...refused, ...plan.unbounded, ...later]
      : refused;
  if (features.length === 0) return;
  throw new RequestNotBoundedError(
    `What this call may cost cannot be bounded before sending, because of ${features.join(', ')}.`,
    { status: 400, details: { features } },
  );
}

/** Fees that are paid beside the tokens, whatever the model is. */
const fees = {
  webSearches: ['web searches', '--web-search'],
  fileSearches: ['searches in files', '--file-search'],
  containers: ['containers', '--container'],
  searchUnits: ['reranking', '--search-unit'],
} as const;
/** A model that is paid so is paid so alone. */
const solePrices: readonly UnitBucket[] = ['audioSeconds', 'characters', 'searchUnits'];

/** A model that costs nothing needs no price for its fees. */
function refuseUnpriced(plan: CallPlan, { rates }: ModelPrice): void {
  const { model, provider, units = {} } = plan;
  const isFree = rates.input === 0n && rates.output === 0n && solePrices.every((u) => !rates[u]);
  for (const [unit, [name, option]] of Object.entries(fees)) {
    if (!isOfUnits(unit, units) || isFree || rates[unit] > 0n) continue;
    throw new RequestNotBoundedError(
      `There is no price for ${name} with ${model}. Set one: ` +
        `iron-cage prices override ${provider} '${model}' ${option} <dollars> …`,
      { status: 400, details: { features: [name] } },
    );
  }
  const other = solePrices.find((unit) => rates[unit] > 0n && units[unit] === undefined);
  if (other === undefined) return;
  throw new RequestNotBoundedError(
    `${model} is paid by ${other}, which this kind of call does not tell: use it for what it is made for.`,
    { status: 400, details: { features: [other] } },
  );
}

function isOfUnits(unit: string, units: Units): unit is UnitBucket {
  return Object.hasOwn(units, unit);
}

const unprintable = /[\0-\x1f\x7f\ud800-\udfff]/u;

/** A price may match by its beginning only; what follows must not get a report refused. */
function reportable(model: string): boolean {
  return model.length <= RECORD_LIMITS.modelCharacters && !unprintable.test(model);
}

function notForModel(model: string): ForbiddenError {
  return new ForbiddenError(
    `This Iron Cage key may not be used for the model ${JSON.stringify(model)}. Use another model, or another key.`,
    { status: 403, details: { model } },
  );
}

function unknownModel(provider: string, model: string): UnknownModelError {
  return new UnknownModelError(
    `There is no price for the model ${JSON.stringify(model)} of ${provider}, so its cost cannot ` +
      'be bounded. Check the name, or add a price for it on the server.',
    { status: 400, details: { provider, model } },
  );
}
