/**
 * Every reason why the SDK stops an agent, one class per reason. `code` is stable and meant for
 * branching; the message is meant for people and says what to do.
 */
const brand = Symbol.for('iron-cage.error');
const retryable = Symbol.for('langchain.errors.retryable');
const CAUSES_MAX = 16;

export interface IronCageErrorOptions {
  readonly status?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly requestId?: string;
  readonly cause?: unknown;
}

/**
 * Base of all errors of this SDK. `instanceof` also recognises an error that a framework wrapped
 * (it looks through `cause`), and one that was made by another copy of this package.
 */
export class IronCageError extends Error {
  static readonly code: string = 'IRON_CAGE';
  readonly code: string;
  /** The HTTP status that this error corresponds to: frameworks use it to decide on retries. */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;

  constructor(message: string, options: IronCageErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const type = new.target;
    this.name = type.name;
    this.code = type.code;
    this.status = options.status ?? 402;
    this.details = options.details ?? {};
    this.requestId = options.requestId;
    Object.defineProperty(this, brand, { value: type.code });
    Object.defineProperty(this, retryable, { value: false });
  }

  toJSON(): Record<string, unknown> {
    const { code, status, message, details, requestId } = this;
    return { name: this.name, code, status, message, details, requestId };
  }

  static override [Symbol.hasInstance](
    this: { readonly prototype: object; readonly code: string },
    value: unknown,
  ): boolean {
    for (const candidate of causes(value)) {
      const code: unknown = Reflect.get(candidate, brand);
      if (typeof code !== 'string') continue;
      if (Object.prototype.isPrototypeOf.call(this.prototype, candidate)) return true;
      // Another copy of this package made it. A class that inherits its code is not meant by it.
      if (this.code === 'IRON_CAGE') return true;
      if (this.code === code && Object.hasOwn(this, 'code')) return true;
    }
    return false;
  }
}

/** The error and what caused it, outermost first; cycles and very long chains are cut. */
function* causes(value: unknown): Generator<object> {
  const queue: unknown[] = [value];
  const seen = new Set<unknown>();
  while (queue.length > 0 && seen.size < CAUSES_MAX) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    yield next;
    queue.push(Reflect.get(next, 'cause'));
    const several: unknown = Reflect.get(next, 'errors');
    if (Array.isArray(several)) queue.push(...(several.slice(0, CAUSES_MAX) as unknown[]));
  }
}

/**
 * Finds the Iron Cage error in whatever a framework threw.
 * @returns the error itself or the one in its chain of causes; `undefined` when there is none.
 */
export function findIronCageError(error: unknown): IronCageError | undefined {
  for (const candidate of causes(error)) {
    if (typeof Reflect.get(candidate, brand) === 'string') return candidate as IronCageError;
  }
  return undefined;
}
