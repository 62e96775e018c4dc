import type { CageEvents, Emit } from '../core/events.js';
import { PiiBlockedError } from '../errors/catalogue.js';
import type { IronCageError } from '../errors/iron-cage-error.js';
import type { JsonObject } from '../providers/call-plan.js';
import type { Originals } from '../safety/redaction.js';
import type { PiiReport, SafetyFilter } from '../safety/safety-filter.js';
import { parseBody } from './json-body.js';
import type { OutgoingRequest } from './outgoing-request.js';
import type { SentBody } from './request-body.js';

/** What the safety filter did to a request. */
export interface CheckedPrompt {
  readonly changed: boolean;
  /** What to put back into the answer. */
  readonly originals: Originals | undefined;
}

/**
 * Applies the project's policy for personal data to a request, in place, and tells the listeners.
 * @throws PiiBlockedError
 */
export function checkPrompt(
  filter: SafetyFilter,
  body: JsonObject,
  { emit, provider }: { emit: Emit; provider: string },
): CheckedPrompt {
  const model = typeof body['model'] === 'string' ? body['model'] : '';
  const tell = (report: PiiReport): void => {
    emit('pii', { ...report, provider, model } satisfies CageEvents['pii']);
  };
  try {
    const result = filter.apply(body);
    if (result === undefined) return { changed: false, originals: undefined };
    tell(result.report);
    return { changed: result.report.action === 'redact', originals: result.originals };
  } catch (error) {
    if (error instanceof PiiBlockedError && isReport(error.details)) {
      const { types, positions } = error.details;
      tell({ action: 'block', types, positions });
    }
    throw error;
  }
}

/**
 * The body of a request that is not metered, as it may leave; undefined when it has none.
 * @throws PiiBlockedError, or RequestNotBoundedError for a body that is not JSON
 */
export async function checkedText(
  filter: SafetyFilter,
  request: OutgoingRequest,
  about: { emit: Emit; provider: string },
): Promise<string | undefined> {
  if (request.method !== 'POST') return undefined;
  const original = await request.readText();
  if (original === '') return undefined;
  const body = parseBody(original);
  return checkPrompt(filter, body, about).changed ? JSON.stringify(body) : original;
}

/** The body of a request that would have been refused for `error`, as a dry run lets it go. */
export function observedBody(
  filter: SafetyFilter,
  original: SentBody | undefined,
  error: IronCageError,
): SentBody | undefined {
  if (typeof original !== 'string' || error instanceof PiiBlockedError) return original;
  try {
    const body = parseBody(original);
    return filter.apply(body)?.report.action === 'redact' ? JSON.stringify(body) : original;
  } catch {
    return original; // refused for what it is: not JSON, or not to be let out
  }
}

function isReport(details: object): details is Pick<PiiReport, 'types' | 'positions'> {
  return 'types' in details && 'positions' in details;
}
