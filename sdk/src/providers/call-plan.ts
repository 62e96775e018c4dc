import type { Bucket, TokenUsage, Units } from '../prices/usage.js';
import type { FoldedUsage, UsageDoubt } from '../usage/usage-reading.js';
import type { TokenizerFamily } from '../tokens/text-bound.js';

export type JsonObject = Record<string, unknown>;

/** What must be known about a request before it may leave. */
export interface CallPlan {
  readonly provider: string;
  readonly model: string;
  /** Upper bound; `unbounded` names what could make it larger (then the context window counts). */
  readonly inputTokens: number;
  /** A smaller upper bound that takes its time; absent where there is none. */
  readonly countInput?: () => number;
  readonly unbounded: readonly string[];
  /**
   * How often the provider may read the whole conversation in this one call, because it runs tools of
   * its own in between: each time up to the context window. 1 where absent.
   */
  readonly rounds?: number;
  /** Features whose price cannot be bounded at all. */
  readonly refused: readonly string[];
  /** Largest output of one choice as the request states it; undefined: the model's maximum. */
  readonly requestedOutput: number | undefined;
  /** Smallest value that may be written into the request as a maximum. */
  readonly smallestOutput: number;
  readonly choices: number;
  /** Nobody ends an answer at the model's maximum: one is written where the request states none. */
  readonly isEndless?: boolean;
  /** False for embeddings. */
  readonly hasOutput: boolean;
  readonly inputBuckets: readonly Bucket[];
  readonly outputBuckets: readonly Bucket[];
  /** The model may produce billed tokens that are never sent. */
  readonly hidesReasoning: boolean;
  readonly streams: boolean;
  /** How the call may be served, where the request says so and it changes the price. */
  readonly modifiers: readonly string[];
  readonly tokenizer: TokenizerFamily;
  /** The most of what is not paid by the token; absent: nothing of it. */
  readonly units?: Units;
  /** The work goes on after the answer; what it has cost is told later, or never. */
  readonly isDeferred?: boolean;
  /** How the call will be served for sure, where that changes the price. */
  readonly certainModifiers?: readonly string[];
  /** Many requests in one: what cannot be told of some comes on top of what can be told of the others. */
  readonly addsUp?: boolean;
  /** Of the sound that is sent, at least: how long it is is told from how much of it came. */
  readonly bytesPerSecond?: number;
}

/** What a provider's usage says; `isFinal` is false while the output may still grow. */
export interface SeenUsage {
  readonly tokens: TokenUsage;
  readonly doubt?: UsageDoubt;
  readonly modifiers?: readonly string[];
  readonly isFinal: boolean;
}

/** Reads a stream event by event. */
export interface StreamReader {
  /**
   * @param data the event's data, parsed; undefined when it is not JSON (`[DONE]`)
   * @returns false when the event must not reach the caller
   */
  see(data: unknown): boolean;
  /** Sees how much came, where that is what counts. */
  seeBytes?(count: number): void;
  usage(): SeenUsage | undefined;
  /** Upper bound for the output that has been received so far. */
  receivedTokens(): number;
}

/** Where a request goes: some providers name the model there. */
export interface CallTarget {
  readonly provider: string;
  readonly url: URL;
  /** What a file that this process uploaded asks for, when its requests are carried out. */
  readonly uploaded?: (fileId: string) => CallPlan | undefined;
}

/** One metered endpoint of one dialect. */
export interface Endpoint {
  readonly name: string;
  /** The request is a form (`multipart/form-data`), not JSON. */
  readonly isForm?: boolean;
  /** The answer is neither text nor JSON, and passes while it comes. */
  readonly answersBytes?: boolean;
  /** A stream has a JSON object in every line. */
  readonly streamsLines?: boolean;
  plan(body: JsonObject, target: CallTarget): CallPlan;
  /** Writes a maximum for the output into the body. */
  limitOutput(body: JsonObject, tokens: number, provider: string): void;
  /** Changes the body so that a stream tells its usage. @returns true when it was changed. */
  askForUsage(body: JsonObject, provider: string): boolean;
  readUsage(answer: unknown, provider: string): FoldedUsage | undefined;
  /** True for an answer that tells no more than that the work is not done. */
  isPending?(answer: unknown): boolean;
  /**
   * Reads what was fetched later for a call whose work went on after its answer.
   * @param text what came, of this path
   * @returns the usage; an id to wait for; or undefined while there is nothing to be told
   */
  readLater?(text: string, path: string, provider: string): FoldedUsage | string | undefined;
  /** How the call was served, where that changes its price. */
  readModifiers?(answer: unknown): readonly string[];
  streamReader(plan: CallPlan, hideUsageEvent: boolean): StreamReader;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(value: unknown, key: string): JsonObject {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A positive whole number of the request, or undefined. */
export function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
    ? Math.ceil(value)
    : undefined;
}
