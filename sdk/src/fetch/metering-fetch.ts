import type { Emit } from '../core/events.js';
import { BudgetExceededError, RequestNotBoundedError } from '../errors/catalogue.js';
import { findIronCageError, type IronCageError } from '../errors/iron-cage-error.js';
import type { Clock } from '../identity/clock.js';
import { availableOf } from '../leases/budget-latch.js';
import type { LeaseBook } from '../leases/lease-book.js';
import type { Hold } from '../leases/lease.js';
import { maxNano } from '../money/money.js';
import type { PriceTable } from '../prices/price-table.js';
import type { Endpoint, JsonObject, SeenUsage } from '../providers/call-plan.js';
import { matchEndpoint, notMetered } from '../providers/endpoints.js';
import type { SafetyFilter } from '../safety/safety-filter.js';
import type { Placeholders } from '../secrets/placeholders.js';
import type { SecretStore } from '../secrets/secret-store.js';
import { blockedResponse } from './blocked-response.js';
import { earlyRequest } from './early-request.js';
import { checkPlaceholders, refusePlaceholders, revealHeaders } from './header-secrets.js';
import { MeteredCall, unusedResult } from './metered-call.js';
import { OutgoingRequest, type FetchInit, type FetchInput } from './outgoing-request.js';
import { parseAnswer, parseBody } from './json-body.js';
import type { Outcome } from '../wire/protocol.js';
import { meterStream, withBody } from './response-meter.js';
import { neverSent } from './send-failure.js';

/** A smaller output is not worth a call. */
const USEFUL_OUTPUT_TOKENS = 256;

export interface MeteringPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  /** The unpatched `fetch`. */
  readonly send: typeof fetch;
  readonly placeholders: Placeholders;
  /** Undefined once the session has started. */
  readonly starting: () => Promise<void> | undefined;
  readonly session: () => MeteringSession;
  readonly book: LeaseBook;
  /** Throws when nothing may leave. */
  readonly guard: () => void;
  readonly options: {
    readonly clampOutput: boolean;
    readonly unbounded: 'cap' | 'block';
    readonly responseDeadlineMs: number;
    readonly budgetWaitMs: number;
  };
}

export interface MeteringSession {
  readonly secrets: SecretStore;
  readonly prices: PriceTable;
  readonly filter: SafetyFilter;
}

/** One request on its way through the meter. */
interface Passage {
  readonly request: OutgoingRequest;
  readonly endpoint: Endpoint;
  readonly body: JsonObject;
  readonly call: MeteredCall;
  /** The text to send. */
  readonly text: string;
  readonly hidesUsageEvent: boolean;
  readonly hold: Hold;
}

/** The one place through which every request to a provider goes. */
export class MeteringFetch {
  readonly #ports: MeteringPorts;
  readonly #calibration = new Map<string, number>();

  constructor(ports: MeteringPorts) {
    this.#ports = ports;
  }

  /** Works like `fetch`; refuses what may not be sent, meters what goes to a provider. */
  readonly fetch = async (input: FetchInput, init?: FetchInit): Promise<Response> => {
    const request = new OutgoingRequest(input, init);
    const about = { provider: '', model: '' };
    let passage: Passage | undefined;
    try {
      const provider = (await this.#mayPassEarly(request)) ? undefined : this.#providerOf(request);
      if (provider === undefined) return await request.passTo(this.#ports.send);
      about.provider = provider;
      const endpoint = this.#admit(request, provider);
      if (endpoint === undefined) return await this.#sendFree(request);
      passage = await this.#prepare(request, provider, endpoint, about);
    } catch (error) {
      const blocked = findIronCageError(error);
      if (blocked === undefined) throw error;
      return this.#block(request, blocked, about);
    }
    return this.#transmit(passage);
  };

  /** @returns true for a request that goes its way without a session. @throws the reason why there is none */
  async #mayPassEarly(request: OutgoingRequest): Promise<boolean> {
    const starting = this.#ports.starting();
    if (starting === undefined) return false;
    const kind = earlyRequest(request);
    if (kind === 'foreign') return true;
    try {
      await starting;
      return false;
    } catch (error) {
      if (kind === 'perhaps') return true;
      throw error;
    }
  }

  #providerOf(request: OutgoingRequest): string | undefined {
    const provider =
      request.url === undefined ? undefined : this.#ports.session().secrets.providerAt(request.url);
    if (provider === undefined) refusePlaceholders(request);
    return provider;
  }

  /** @returns the endpoint to meter with; undefined for one that costs nothing */
  #admit(request: OutgoingRequest, provider: string): Endpoint | undefined {
    const { guard, placeholders, session } = this.#ports;
    guard();
    checkPlaceholders(request, placeholders, session().secrets);
    const url = request.url ?? new URL('about:blank');
    const match = matchEndpoint(provider, request.method, url);
    if (match.kind === 'metered') return match.endpoint;
    if (match.kind === 'free') return undefined;
    throw notMetered(provider, request.method, url.pathname);
  }

  async #prepare(
    request: OutgoingRequest,
    provider: string,
    endpoint: Endpoint,
    about: { model: string },
  ): Promise<Passage> {
    const { clock, emit, session, options } = this.#ports;
    request.signal?.throwIfAborted();
    const original = await request.readText();
    const body = parseBody(original);
    const { filter, prices } = session();
    const pii = filter.apply(body);
    const plan = endpoint.plan(body, { provider, url: request.url ?? new URL('about:blank') });
    about.model = plan.model;
    if (pii !== undefined) emit('pii', { ...pii, provider, model: plan.model });
    const call = new MeteredCall({
      provider,
      plan,
      prices,
      wallMs: clock.wallMs(),
      startedAtMs: clock.monotonicMs(),
      unbounded: options.unbounded,
      calibration: this.#calibration.get(plan.model) ?? 1,
    });
    const hidesUsageEvent = endpoint.askForUsage(body, provider);
    let changed = hidesUsageEvent || pii?.action === 'redact';
    if (call.needsOutputLimit) changed = this.#limit(call, endpoint, body) || changed;
    const { hold, clamped } = await this.#reserve(call, endpoint, body);
    const text = changed || clamped ? JSON.stringify(body) : original;
    return { request, endpoint, body, call, text, hidesUsageEvent, hold };
  }

  /**
   * Sets the worst case aside. When the budget is too small for it, the output is limited; when it
   * is too small for that because other calls of this process hold it, their end is awaited.
   */
  async #reserve(
    call: MeteredCall,
    endpoint: Endpoint,
    body: JsonObject,
  ): Promise<{ hold: Hold; clamped: boolean }> {
    const { book, clock, options } = this.#ports;
    const giveUpMs = clock.monotonicMs() + options.budgetWaitMs;
    const fullOutput = call.outputTokensPerChoice;
    for (;;) {
      call.limitOutput(fullOutput);
      const refusal = await this.#tryReserve(call);
      if (!(refusal instanceof BudgetExceededError)) return { hold: refusal, clamped: false };
      const atHandNano = book.leases.map(({ availableNano }) => availableNano);
      const leftNano = availableOf(refusal) ?? 0n;
      const affordable = this.#affordable(call, maxNano(leftNano, ...atHandNano));
      if (options.clampOutput && affordable > 0) {
        call.limitOutput(affordable);
        const clamped = await this.#tryReserve(call);
        if (!(clamped instanceof BudgetExceededError)) {
          this.#writeLimit(call, endpoint, body, affordable);
          return { hold: clamped, clamped: true };
        }
      }
      call.limitOutput(fullOutput);
      const mayFitLater = this.#affordable(call, leftNano + book.reclaimableNano) >= 0;
      if (!mayFitLater) throw refusal;
      if (!(await book.nextCompletion(giveUpMs - clock.monotonicMs()))) throw refusal;
    }
  }

  async #tryReserve(call: MeteredCall): Promise<Hold | BudgetExceededError> {
    const { book } = this.#ports;
    const worstNano = call.worstNano;
    try {
      return book.tryHold(worstNano, call) ?? (await book.hold(worstNano, call));
    } catch (error) {
      const refusal = findIronCageError(error);
      if (refusal instanceof BudgetExceededError) return refusal;
      throw error;
    }
  }

  /** Output tokens per choice that an amount pays for; -1 when too few to be useful. */
  #affordable(call: MeteredCall, amountNano: bigint): number {
    const tokens = Math.min(call.affordablePerChoice(amountNano), call.outputTokensPerChoice);
    const { smallestOutput, requestedOutput, hasOutput } = call.plan;
    const wanted = requestedOutput ?? USEFUL_OUTPUT_TOKENS;
    const useful = this.#ports.options.clampOutput
      ? Math.max(smallestOutput, Math.min(wanted, USEFUL_OUTPUT_TOKENS))
      : call.outputTokensPerChoice;
    return tokens >= (hasOutput ? useful : 0) ? tokens : -1;
  }

  #limit(call: MeteredCall, endpoint: Endpoint, body: JsonObject): boolean {
    if (!this.#ports.options.clampOutput) {
      throw new RequestNotBoundedError(
        `The largest output of ${JSON.stringify(call.model)} is not known: set max_tokens.`,
        { status: 400 },
      );
    }
    this.#writeLimit(call, endpoint, body, call.outputTokensPerChoice);
    return true;
  }

  #writeLimit(call: MeteredCall, endpoint: Endpoint, body: JsonObject, tokens: number): void {
    const { provider, model } = call;
    endpoint.limitOutput(body, tokens, provider);
    this.#ports.emit('clamped', { provider, model, outputTokens: tokens });
  }

  async #transmit(passage: Passage): Promise<Response> {
    const { book, placeholders, send, session } = this.#ports;
    const { request, call, hold, text } = passage;
    let response: Response;
    if (request.signal?.aborted === true) book.complete(hold, unusedResult());
    try {
      const headers = revealHeaders(request, placeholders, session().secrets);
      response = await request.sendWith(send, headers, text);
    } catch (error) {
      const refusal = findIronCageError(error);
      const isUnused = refusal !== undefined || neverSent(error);
      book.complete(hold, isUnused ? unusedResult() : call.assumed('failed'));
      if (refusal !== undefined) return this.#block(request, refusal, call);
      throw error;
    }
    if (response.status >= 300) {
      book.complete(hold, unusedResult());
      return response;
    }
    const type = response.headers.get('content-type') ?? '';
    return type.includes('text/event-stream')
      ? this.#followStream(passage, response)
      : this.#readAnswer(passage, response);
  }

  /** The whole answer is read here: the caller waits for it anyway, and its usage is then sure. */
  async #readAnswer(passage: Passage, response: Response): Promise<Response> {
    const { call, endpoint, hold } = passage;
    let bytes: ArrayBuffer;
    try {
      bytes = await response.arrayBuffer();
    } catch (error) {
      this.#ports.book.complete(hold, call.assumed('aborted'));
      throw error;
    }
    this.#finish(passage, call.read(endpoint, parseAnswer(bytes)), 'completed');
    return withBody(response, bytes);
  }

  #followStream(passage: Passage, response: Response): Response {
    const { call, endpoint, hidesUsageEvent } = passage;
    const { clock, options } = this.#ports;
    const reader = endpoint.streamReader(call.plan, hidesUsageEvent);
    call.follow(() => ({ usage: reader.usage(), receivedTokens: reader.receivedTokens() }));
    return meterStream(response, {
      reader,
      filters: hidesUsageEvent,
      clock,
      deadlineMs: options.responseDeadlineMs,
      onEnd: (outcome) => {
        const usage = reader.usage();
        this.#finish(passage, usage?.isFinal === true ? usage : undefined, outcome);
      },
    });
  }

  /** Books what was told, or what must be assumed because nothing or not everything was told. */
  #finish(passage: Passage, usage: SeenUsage | undefined, outcome: Outcome): void {
    const { call, hold } = passage;
    const { book, emit } = this.#ports;
    if (usage === undefined) {
      book.complete(hold, call.assumed(outcome));
      return;
    }
    book.complete(hold, call.told(usage, outcome));
    if (usage.doubt !== undefined) {
      emit('warning', {
        code: 'USAGE_INCONSISTENT',
        message:
          `The usage that ${call.provider} told for ${call.model} contradicts itself ` +
          `(${usage.doubt.reason}): the most that it can mean was booked.`,
      });
    }
    this.#calibrate(call, call.excess(usage));
  }

  async #sendFree(request: OutgoingRequest): Promise<Response> {
    const { placeholders, send, session } = this.#ports;
    return request.sendWith(send, revealHeaders(request, placeholders, session().secrets));
  }

  #calibrate(call: MeteredCall, excess: number): void {
    if (excess <= 1) return;
    const raised = (this.#calibration.get(call.model) ?? 1) * excess * 1.05;
    this.#calibration.set(call.model, raised);
    this.#ports.emit('warning', {
      code: 'BOUND_EXCEEDED',
      message:
        `${call.model} counted ${excess.toFixed(2)} times the input that was expected at most; ` +
        'from now on more is set aside for it.',
    });
  }

  #block(
    request: OutgoingRequest,
    error: IronCageError,
    about: { provider: string; model: string },
  ): Response {
    const { provider, model } = about;
    this.#ports.emit('blocked', { error, provider, model });
    if (request.isStainless) return blockedResponse(error);
    throw error;
  }
}
