import { findIronCageError, type IronCageError } from '../errors/iron-cage-error.js';
import type { Hold } from '../leases/lease.js';
import type { PriceTable } from '../prices/price-table.js';
import type { Endpoint, JsonObject, SeenUsage } from '../providers/call-plan.js';
import { matchEndpoint, notMetered } from '../providers/endpoints.js';
import type { Originals } from '../safety/redaction.js';
import { restoredAnswer } from '../safety/restoration.js';
import type { SafetyFilter } from '../safety/safety-filter.js';
import { StreamRestoration } from '../safety/stream-restoration.js';
import type { Placeholders } from '../secrets/placeholders.js';
import { type SecretStore, UNMETERED } from '../secrets/secret-store.js';
import { blockedResponse } from './blocked-response.js';
import { earlyRequest } from './early-request.js';
import { checkPlaceholders, refusePlaceholders, revealHeaders } from './header-secrets.js';
import { MeteredCall, unusedResult } from './metered-call.js';
import { OutgoingRequest, type FetchInit, type FetchInput } from './outgoing-request.js';
import { parseJson } from './json-body.js';
import { onceAnswered, onceSent } from './later.js';
import type { Outcome } from '../wire/protocol.js';
import { observable } from './observable.js';
import { operationOf } from './operation.js';
import { checkedText, checkPrompt, observedText, type CheckedPrompt } from './prompt-check.js';
import { Reservations, type ReservationPorts } from './reservations.js';
import { readBody, writtenBody, type SentBody } from './request-body.js';
import { meterStream, type StreamFormat } from './response-meter.js';
import { neverSent } from './send-failure.js';
import { wholeAnswer } from './whole-answer.js';
import { WholeBody } from './whole-body.js';

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
  readonly options: ReservationPorts['options'] & {
    readonly unbounded: 'cap' | 'block';
    readonly responseDeadlineMs: number;
  };
}

export interface MeteringSession {
  readonly secrets: SecretStore;
  readonly prices: PriceTable;
}

/** One request on its way through the meter. */
interface Passage {
  readonly request: OutgoingRequest;
  readonly endpoint: Endpoint;
  readonly body: JsonObject;
  readonly call: MeteredCall;
  /** What to send. */
  readonly sent: SentBody;
  readonly hidesUsageEvent: boolean;
  readonly hold: Hold;
  /** Values that were replaced in the prompt and belong back into the answer. */
  readonly originals: Originals | undefined;
}

/** The one place through which every request to a provider goes. */
export class MeteringFetch {
  readonly #ports: MeteringPorts;
  readonly #reservations: Reservations;
  readonly #calibration = new Map<string, number>();

  constructor(ports: MeteringPorts) {
    this.#ports = ports;
    this.#reservations = new Reservations(ports);
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
      if (endpoint === undefined) return await this.#sendFree(request, provider);
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
    const { clock, session, options } = this.#ports;
    request.signal?.throwIfAborted();
    const read = await readBody(request, endpoint);
    const { fields: body, original } = read;
    const { prices } = session();
    const prompt = this.#checkPrompt(body, provider);
    const plan = endpoint.plan(body, { provider, url: request.url ?? new URL('about:blank') });
    about.model = plan.model;
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
    this.#tellCall(passage);
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
    let bytes: ArrayBuffer;
    try {
      bytes = await response.arrayBuffer();
    } catch (error) {
      this.#ports.book.complete(hold, call.assumed('aborted'));
      throw error;
    }
    const body = new WholeBody(bytes, response.headers.get('content-type') ?? '');
    this.#finish(passage, call.read(endpoint, parseJson(body.peek())), 'completed');
    const restored = restoredAnswer(body.peek(), passage.originals);
    if (restored !== undefined) body.replaceText(restored);
    return wholeAnswer(body, response);
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
    if (usage.doubt !== undefined) {
      emit('warning', {
        code: 'USAGE_INCONSISTENT',
        message:
          `The usage that ${call.provider} told for ${call.model} contradicts itself ` +
          `(${usage.doubt.reason}): the most that it can mean was booked.`,
      });
    }
    const calibrate = (): void => {
      this.#calibrate(call, usage);
    };
    if (call.isUncounted && call.excess(usage) <= 1) onceAnswered(calibrate);
    else calibrate();
  }

  #tellCall({ request, call, endpoint, hold }: Passage): void {
    const { provider, model } = call;
    const { hostname: host = '', port = '' } = request.url ?? {};
    call.operation = operationOf(endpoint);
    this.#ports.emit('call', {
      id: hold.id,
      provider,
      model,
      operation: call.operation,
      host,
      port: port === '' ? undefined : Number(port),
    });
  }

  /** To a host that sells no models: the kill switch holds for it too. */
  #sendPlain(request: OutgoingRequest): Promise<Response> {
    this.#ports.guard();
    return this.#sendText(request, request.textRead);
  }

  /** What costs nothing may carry a prompt all the same: to be moderated, to be counted. */
  async #sendFree(request: OutgoingRequest, provider: string): Promise<Response> {
    const { emit, filter } = this.#ports;
    return this.#sendText(request, await checkedText(filter(), request, { emit, provider }));
  }

  /** What a dry run lets go is replaced as ever; only what would be blocked for its content goes as it is. */
  #sendObserved(request: OutgoingRequest, error: IronCageError): Promise<Response> {
    return this.#sendText(request, observedText(this.#ports.filter(), request.textRead, error));
  }

  async #sendText(request: OutgoingRequest, text: string | undefined): Promise<Response> {
    const { placeholders, send, session } = this.#ports;
    return request.sendWith(send, revealHeaders(request, placeholders, session().secrets), text);
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

  #calibrate(call: MeteredCall, usage: SeenUsage): void {
    call.countInput();
    const excess = call.excess(usage);
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

/** How an answer streams; undefined for one that is read as a whole. */
function formatOf(response: Response, { answersBytes }: Endpoint): StreamFormat | undefined {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('text/event-stream')) return 'events';
  return answersBytes === true && !type.includes('json') ? 'bytes' : undefined;
}
