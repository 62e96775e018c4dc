import type { Emit } from '../core/events.js';
import type { Hold } from '../leases/lease.js';
import type { Endpoint, JsonObject, SeenUsage } from '../providers/call-plan.js';
import type { Originals } from '../safety/redaction.js';
import type { MeteredCall } from './metered-call.js';
import { operationOf } from './operation.js';
import type { OutgoingRequest } from './outgoing-request.js';
import type { SentBody } from './request-body.js';
import type { StreamFormat } from './response-meter.js';

/** One request on its way through the meter. */
export interface Passage {
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

/** Tells that a request is about to leave. */
export function tellCall({ request, call, endpoint, hold }: Passage, emit: Emit): void {
  const { provider, model } = call;
  const { hostname: host = '', port = '' } = request.url ?? {};
  call.operation = operationOf(endpoint);
  emit('call', {
    id: hold.id,
    provider,
    model,
    operation: call.operation,
    host,
    port: port === '' ? undefined : Number(port),
  });
}

/** How an answer streams; undefined for one that is read as a whole. */
export function formatOf(
  response: Response,
  { answersBytes, streamsLines }: Endpoint,
): StreamFormat | undefined {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('text/event-stream')) return 'events';
  if (streamsLines === true && type.includes('ndjson')) return 'lines';
  return answersBytes === true && !type.includes('json') ? 'bytes' : undefined;
}

/** Tells that a provider's counts contradict each other. */
export function tellDoubt(call: MeteredCall, usage: SeenUsage, emit: Emit): void {
  if (usage.doubt !== undefined) {
    emit('warning', {
      code: 'USAGE_INCONSISTENT',
      message:
        `The usage that ${call.provider} told for ${call.model} contradicts itself ` +
        `(${usage.doubt.reason}): the most that it can mean was booked.`,
    });
  }
}
