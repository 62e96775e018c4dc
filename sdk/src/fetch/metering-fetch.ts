import { findIronCageError, type IronCageError } from '../errors/iron-cage-error.js';
import type { PriceTable } from '../prices/price-table.js';
import type { CallTarget, Endpoint, JsonObject, SeenUsage } from '../providers/call-plan.js';
import { matchEndpoint, notMetered } from '../providers/endpoints.js';
import type { SafetyFilter } from '../safety/safety-filter.js';
import { StreamRestoration } from '../safety/stream-restoration.js';
import type { Placeholders } from '../secrets/placeholders.js';
import { type SecretStore, UNMETERED } from '../secrets/secret-store.js';
import { BatchFiles } from './batch-files.js';
import { Calibration } from './calibration.js';
import { blockedResponse } from './blocked-response.js';
import { DeferredCalls } from './deferred-calls.js';
import { earlyRequest } from './early-request.js';
import { checkPlaceholders, refusePlaceholders, revealHeaders } from './header-secrets.js';
import { MeteredCall, unusedResult } from './metered-call.js';
import { OutgoingRequest, type FetchInit, type FetchInput } from './outgoing-request.js';
import { parseJson } from './json-body.js';
import { onceAnswered, onceSent } from './later.js';
import type { Outcome, UnboundedRule } from '../wire/protocol.js';
import { observable } from './observable.js';
import { checkedText, checkPrompt, observedBody, type CheckedPrompt } from './prompt-check.js';
import { formatOf, tellCall, tellDoubt, type Passage } from './passage.js';
import { Reservations, type ReservationPorts } from './reservations.js';
import { readBody, writtenBody, type SentBody } from './request-body.js';
import { meterStream, type StreamFormat } from './response-meter.js';
import { neverSent } from './send-failure.js';
import { restoredWhole, wholeAnswer, wholeBodyOf } from './whole-answer.js';
import type { WholeBody } from './whole-body.js';

export interface MeteringPorts extends ReservationPorts {
  /** The unpatched `fetch`. */
  readonly send: typeof fetch;
  readonly placeholders: Placeholders;
  /** Undefined once the session has started. */
  readonly starting: () => Promise<void> | undefined;
  readonly session: () => MeteringSession;
  /** The safety filter of the policy that holds now. */
  readonly filter: () => SafetyFilter;
  /** Throws when nothing may leave. */
  readonly guard: () => void;
  /** What to do with a call whose cost is not in the request. */
  readonly unbounded: () => UnboundedRule;
  readonly options: ReservationPorts['options'] & {
    readonly responseDeadlineMs: number;
  };
}

export interface MeteringSession {
  readonly secrets: SecretStore;
  readonly prices: PriceTable;
}

/** The one place through which every request to a provider goes. */
export class MeteringFetch {
  readonly #ports: MeteringPorts;
  readonly #reservations: Reservations;
  readonly #calibration: Calibration;
  readonly #files = new BatchFiles();
  readonly #deferred: DeferredCalls<Passage>;

  constructor(ports: MeteringPorts) {
    this.#ports = ports;
    this.#reservations = new Reservations(ports);
    const { clock, emit, options } = ports;
    this.#calibration = new Calibration(emit);
    this.#deferred = new DeferredCalls(clock, options.responseDeadlineMs, (passage) => {
      this.#finish(passage, undefined, 'completed');
    });
  }

  /** Works like `fetch`; refuses what may not be sent, meters what goes to a provider. */
  readonly fetch = async (input: FetchInput, init?: FetchInit): Promise<Response> => {
    const request = new OutgoingRequest(input, init);
    const about = { provider: '', model: '' };
    let passage: Passage | undefined;
    try {
      const provider = (await this.#mayPassEarly(request)) ? undefined : this.#providerOf(request);
      if (provider === undefined) return await request.passTo(this.#ports.send);
      if (provider === UNMETERED) return await this.#sendPlain(request);
      about.provider = provider;
      const endpoint = this.#admit(request, provider);
      if (endpoint === 'free') return await this.#sendFree(request, provider);
      if (endpoint === 'upload') return await this.#sendUpload(request, provider);
      passage = await this.#prepare(request, provider, endpoint, about);
    } catch (error) {
      const blocked = findIronCageError(error);
      if (blocked === undefined) throw error;
      if (this.#isOnlyObserved(blocked, about)) return this.#sendObserved(request, blocked);
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

  #providerOf(request: OutgoingRequest): string | typeof UNMETERED | undefined {
    const provider =
      request.url === undefined ? undefined : this.#ports.session().secrets.providerAt(request.url);
    if (provider === undefined) refusePlaceholders(request);
    return provider;
  }

  /** @returns the endpoint to meter with, or what else it is */
  #admit(request: OutgoingRequest, provider: string): Endpoint | 'free' | 'upload' {
    const { guard, placeholders, session } = this.#ports;
    guard();
    checkPlaceholders(request, placeholders, session().secrets);
    const url = request.url ?? new URL('about:blank');
    const match = matchEndpoint(provider, request.method, url);
    if (match.kind === 'metered') return match.endpoint;
    if (match.kind !== 'unknown') return match.kind;
    throw notMetered(provider, request.method, url.pathname);
  }

  async #prepare(
    request: OutgoingRequest,
    provider: string,
    endpoint: Endpoint,
    about: { model: string },
  ): Promise<Passage> {
    const { clock, session } = this.#ports;
    request.signal?.throwIfAborted();
    const read = await readBody(request, endpoint);
    const { fields: body, original } = read;
    const { prices } = session();
    const prompt = this.#checkPrompt(body, provider);
    const plan = endpoint.plan(body, this.#target(request, provider));
    about.model = plan.model;
    const call = new MeteredCall({
      provider,
      plan,
      prices,
      wallMs: clock.wallMs(),
      startedAtMs: clock.monotonicMs(),
      unbounded: this.#ports.unbounded(),
      calibration: this.#calibration.factorOf(plan.model),
    });
    const hidesUsageEvent = endpoint.askForUsage(body, provider);
    let changed = hidesUsageEvent || prompt.changed;
    if (call.needsOutputLimit) changed = this.#reservations.limit(call, endpoint, body) || changed;
    const { hold, clamped } = await this.#reservations.reserve(call, endpoint, body);
    const sent = changed || clamped ? writtenBody(read) : original;
    const { originals } = prompt;
    return { request, endpoint, body, call, sent, hidesUsageEvent, hold, originals };
  }

  async #transmit(passage: Passage): Promise<Response> {
    const { book, placeholders, send, session } = this.#ports;
    const { request, call, hold, sent } = passage;
    let response: Response;
    tellCall(passage, this.#ports.emit);
    if (request.signal?.aborted === true) book.complete(hold, unusedResult());
    try {
      const headers = revealHeaders(request, placeholders, session().secrets);
      const answer = request.sendWith(send, headers, sent);
      onceSent(() => {
        book.count(hold);
      });
      response = await answer;
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
    const format = formatOf(response, passage.endpoint);
    return format === undefined
      ? this.#readAnswer(passage, response)
      : this.#followStream(passage, response, format);
  }

  /** The whole answer is read here: the caller waits for it anyway, and its usage is then sure. */
  async #readAnswer(passage: Passage, response: Response): Promise<Response> {
    const { call, endpoint, hold } = passage;
    let body: WholeBody;
    try {
      body = await wholeBodyOf(response);
    } catch (error) {
      this.#ports.book.complete(hold, call.assumed('aborted'));
      throw error;
    }
    const answer = parseJson(body.peek());
    const isLeft = call.plan.isDeferred === true && endpoint.isPending?.(answer) === true;
    if (!isLeft || !this.#deferred.add(answer, passage)) {
      this.#finish(passage, call.read(endpoint, answer), 'completed');
    }
    return restoredWhole(body, response, passage.originals);
  }

  /** What was asked for later may tell what a call has cost whose work went on after its answer. */
  async #seeLater(
    { id, call: passage }: { readonly id: string; readonly call: Passage },
    path: string,
    response: Response,
  ): Promise<Response> {
    const { call, endpoint, originals } = passage;
    const format = formatOf(response, endpoint);
    if (format !== undefined) {
      this.#deferred.remove(passage);
      return this.#followStream(passage, response, format);
    }
    const body = await wholeBodyOf(response);
    const later = call.readLater(endpoint, body.peek(), path);
    if (later.kind === 'elsewhere') this.#deferred.alsoAt(id, later.id);
    if (later.kind === 'ended') {
      this.#deferred.remove(passage);
      this.#finish(passage, later.usage, 'completed');
    }
    return restoredWhole(body, response, originals);
  }

  #followStream(passage: Passage, response: Response, format: StreamFormat): Response {
    const { call, endpoint, hidesUsageEvent, originals } = passage;
    const { clock, options } = this.#ports;
    const reader = endpoint.streamReader(call.plan, hidesUsageEvent);
    call.follow(() => ({ usage: reader.usage(), receivedTokens: reader.receivedTokens() }));
    return meterStream(response, {
      reader,
      format,
      filters: hidesUsageEvent,
      restoration: originals && new StreamRestoration(originals),
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
    tellDoubt(call, usage, emit);
    const calibrate = (): void => {
      this.#calibration.learn(call, usage);
    };
    if (call.isUncounted && call.excess(usage) <= 1) onceAnswered(calibrate);
    else calibrate();
  }

  /** To a host that sells no models: the kill switch holds for it too. */
  #sendPlain(request: OutgoingRequest): Promise<Response> {
    this.#ports.guard();
    return this.#sendBody(request, request.bodyRead);
  }

  /** What costs nothing may carry a prompt all the same: to be moderated, to be counted. */
  async #sendFree(request: OutgoingRequest, provider: string): Promise<Response> {
    const { emit, filter } = this.#ports;
    const text = await checkedText(filter(), request, { emit, provider });
    const response = await this.#sendBody(request, text);
    const path = request.url?.pathname ?? '';
    // A part of the results (206) tells a part of the usage.
    const waiting = response.status === 200 ? this.#deferred.at(path) : undefined;
    return waiting === undefined ? response : this.#seeLater(waiting, path, response);
  }

  /** Keeping a file is free; what a batch asks for is remembered by the file's id. */
  async #sendUpload(request: OutgoingRequest, provider: string): Promise<Response> {
    const target = this.#target(request, provider);
    const check = (body: JsonObject): boolean => this.#checkPrompt(body, provider).changed;
    const { sent, plan } = await this.#files.read(request, target, check);
    const response = await this.#sendBody(request, sent);
    if (plan === undefined || !response.ok) return response;
    const body = await wholeBodyOf(response);
    this.#files.note(body.peek(), plan);
    return wholeAnswer(body, response);
  }

  #target({ url }: OutgoingRequest, provider: string): CallTarget {
    const uploaded = this.#files.plan.bind(this.#files);
    return { provider, url: url ?? new URL('about:blank'), uploaded };
  }

  /** What a dry run lets go is replaced as ever; only what would be blocked for its content goes as it is. */
  #sendObserved(request: OutgoingRequest, error: IronCageError): Promise<Response> {
    return this.#sendBody(request, observedBody(this.#ports.filter(), request.bodyRead, error));
  }

  async #sendBody(request: OutgoingRequest, body: SentBody | undefined): Promise<Response> {
    const { placeholders, send, session } = this.#ports;
    return request.sendWith(send, revealHeaders(request, placeholders, session().secrets), body);
  }

  /** In a dry run what would be stopped is told, and goes; what has no key, or is not meant to have it, cannot. */
  #checkPrompt(body: JsonObject, provider: string): CheckedPrompt {
    const { emit, filter } = this.#ports;
    try {
      return checkPrompt(filter(), body, { emit, provider });
    } catch (error) {
      const blocked = findIronCageError(error);
      const model = typeof body['model'] === 'string' ? body['model'] : '';
      if (blocked === undefined || !this.#isOnlyObserved(blocked, { provider, model })) throw error;
      return { changed: false, originals: undefined };
    }
  }

  #isOnlyObserved(error: IronCageError, about: { provider: string; model: string }): boolean {
    const { emit, observes } = this.#ports;
    if (about.provider === '' || !observable(error) || !observes()) return false;
    emit('observed', { error, ...about });
    return true;
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
