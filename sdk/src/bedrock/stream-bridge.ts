import { isObject, objectAt, type JsonObject } from '../providers/call-plan.js';

export interface Bridge {
  /** The field of the output that is the stream. */
  readonly field: string;
  /** The events as server-sent ones, for the meter. */
  readonly response: Response;
  /** The events as they came, one by one as the meter lets them through. */
  readonly eventsOf: (metered: Response) => AsyncIterable<unknown>;
}

/** @returns undefined for an output without a stream */
export function bridgeStream(output: JsonObject): Bridge | undefined {
  const field = ['stream', 'body'].find((name) => isAsyncIterable(output[name]));
  if (field === undefined) return undefined;
  const passed: unknown[] = [];
  const source = (output[field] as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next: IteratorResult<unknown, unknown> = await source.next();
        if (next.done === true) {
          controller.close();
          return;
        }
        passed.push(next.value);
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(readable(next.value))}\n\n`));
      },
      async cancel() {
        await source.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return {
    field,
    response: new Response(stream, { headers: { 'content-type': 'text/event-stream' } }),
    eventsOf: (metered) => drain(metered, passed),
  };
}

async function* drain(metered: Response, passed: unknown[]): AsyncGenerator {
  const reader = metered.body?.getReader();
  try {
    for (let isDone = reader === undefined; !isDone;) {
      isDone = (await reader?.read())?.done ?? true;
      yield* passed.splice(0);
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

/** Chunks of `InvokeModelWithResponseStream` are bytes of the model's own JSON. */
function readable(event: unknown): unknown {
  const { bytes } = objectAt(event, 'chunk');
  if (!(bytes instanceof Uint8Array)) return event;
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return {};
  }
}

function isAsyncIterable(value: unknown): boolean {
  return (
    !(value instanceof Uint8Array) &&
    (isObject(value) || typeof value === 'object') &&
    value !== null &&
    Symbol.asyncIterator in value
  );
}
