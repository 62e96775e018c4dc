import type { ServerEvent } from '../wire/server-events.js';
import type { Originals } from './redaction.js';
import { Restoration } from './restoration.js';

type Json = Record<string, unknown>;

/** A piece of text in an event, which the next event of the same channel goes on with. */
interface Slot {
  readonly channel: string;
  readonly holder: Json;
  readonly key: string;
  readonly isJson: boolean;
}

/** The start of a token at the end of a piece; it waits for the rest of it. */
interface Held {
  readonly text: string;
  readonly event: ServerEvent;
  /** The event that it came in, to send it after all when no rest comes. */
  readonly body: Json;
}

const tokenStart = /\[[A-Z0-9_]{0,50}$/;
const textKeys = [
  'content',
  'reasoning_content',
  'reasoning',
  'refusal',
  'response',
  'text',
  'thinking',
  'partial_json',
];

/** What is in every line of Ollama's, not only in the last one. */
const lineKeys = new Set(['model', 'created_at', 'message', 'response', 'thinking', 'done']);

/** Puts the original values back into a stream of events, also where a token is cut by the border of two events. */
export class StreamRestoration {
  readonly #originals: Originals;
  readonly #restoration: Restoration;
  readonly #held = new Map<string, Held>();

  constructor(originals: Originals) {
    this.#originals = originals;
    this.#restoration = new Restoration(originals);
  }

  /** @returns the text to send for this event, and for what was held before it */
  see(event: ServerEvent): string {
    const body = parse(event.data);
    if (body === undefined) return this.rest() + event.raw;
    const slots = slotsOf(body);
    if (slots.length === 0) return this.#flush(endedBy(body)) + this.#whole(event, body);
    let changed = false;
    for (const slot of slots) changed = this.#fill(slot, event, body) || changed;
    const sent = changed ? written(event, body) : event.raw;
    // What ends with this very event goes out before it: nobody reads on after a finish reason.
    return this.#flush(endedBy(body)) + sent;
  }

  /** What is still held when the stream ends. */
  rest(): string {
    return this.#flush(() => true);
  }

  #whole(event: ServerEvent, body: Json): string {
    const before = JSON.stringify(body);
    return before === JSON.stringify(this.#restoration.inValue(body))
      ? event.raw
      : written(event, body);
  }

  /** @returns whether the text of the slot was changed */
  #fill({ channel, holder, key, isJson }: Slot, event: ServerEvent, body: Json): boolean {
    const before = holder[key] as string;
    const text = (this.#held.get(channel)?.text ?? '') + before;
    this.#held.delete(channel);
    const cut = this.#startOfToken(text);
    const after = this.#restoration.inText(text.slice(0, cut), isJson);
    holder[key] = after;
    if (cut < text.length) {
      const held = { text: text.slice(cut), event, body: emptied(body) };
      this.#held.set(channel, held);
    }
    return after !== before;
  }

  /** Where a token of this request may start that is not at its end yet. */
  #startOfToken(text: string): number {
    const start = tokenStart.exec(text);
    if (start === null) return text.length;
    const [begun] = start;
    for (const token of this.#originals.keys()) if (token.startsWith(begun)) return start.index;
    return text.length;
  }

  /** Sends what waited in vain, each as an event of its own. */
  #flush(isEnded: (channel: string) => boolean): string {
    let result = '';
    for (const [channel, { text, event, body }] of this.#held) {
      if (!isEnded(channel)) continue;
      this.#held.delete(channel);
      const slot = slotsOf(body).find((candidate) => candidate.channel === channel);
      if (slot === undefined) continue;
      slot.holder[slot.key] = text;
      result += written(event, body);
    }
    return result;
  }
}

/** OpenAI chat, Ollama, Anthropic messages, OpenAI responses. */
function slotsOf(body: Json): Slot[] {
  if (Array.isArray(body['choices'])) return body['choices'].flatMap(choiceSlots);
  if (typeof body['done'] === 'boolean') return lineSlots(body);
  const { delta, type } = body;
  if (type === 'content_block_delta' && isJson(delta)) {
    return textSlots(`block ${String(body['index'])}.`, delta);
  }
  if (typeof delta !== 'string' || typeof type !== 'string') return [];
  const place = [body['item_id'], body['output_index'], body['content_index']]
    .map(String)
    .join('.');
  const channel = `${type}.${place}`;
  return [{ channel, holder: body, key: 'delta', isJson: type.includes('arguments') }];
}

/** A line of Ollama's. Calls of tools come whole, whatever is beside them. */
function lineSlots(body: Json): Slot[] {
  const { message } = body;
  if (!isJson(message)) return textSlots('', body);
  return Array.isArray(message['tool_calls']) ? [] : textSlots('', message);
}

function choiceSlots(choice: unknown): Slot[] {
  if (!isJson(choice)) return [];
  const channel = `choice ${String(choice['index'])}.`;
  const { delta } = choice;
  if (!isJson(delta)) return textSlots(channel, choice);
  const calls: unknown[] = Array.isArray(delta['tool_calls']) ? delta['tool_calls'] : [];
  return [
    ...textSlots(channel, delta),
    ...calls.flatMap((call): Slot[] => {
      const called = isJson(call) ? call['function'] : undefined;
      if (!isJson(call) || !isJson(called) || typeof called['arguments'] !== 'string') return [];
      const place = `${channel}call ${String(call['index'])}`;
      return [{ channel: place, holder: called, key: 'arguments', isJson: true }];
    }),
  ];
}

function textSlots(channel: string, holder: Json): Slot[] {
  return textKeys
    .filter((key) => typeof holder[key] === 'string')
    .map((key) => ({ channel: channel + key, holder, key, isJson: key === 'partial_json' }));
}

/** Which channels get no more text after this event. */
function endedBy(body: Json): (channel: string) => boolean {
  const { choices, done, message, type } = body;
  if (typeof done === 'boolean') {
    const isEnd = done || (isJson(message) && 'tool_calls' in message);
    return () => isEnd;
  }
  if (Array.isArray(choices)) {
    const ended = choices.filter(
      (choice: unknown) => isJson(choice) && typeof choice['finish_reason'] === 'string',
    ) as Json[];
    if (choices.length === 0) return () => true;
    return (channel) => ended.some(({ index }) => channel.startsWith(`choice ${String(index)}.`));
  }
  if (type === 'content_block_stop') {
    return (channel) => channel.startsWith(`block ${String(body['index'])}.`);
  }
  const isEnd =
    typeof type === 'string' && /\.(?:done|completed|incomplete|failed)$|^message_/.test(type);
  return () => isEnd;
}

/** The same event without its text, and without what must not be said twice. */
function emptied(body: Json): Json {
  const copy = structuredClone(body);
  delete copy['usage'];
  if (copy['done'] === true) {
    for (const key of Object.keys(copy)) if (!lineKeys.has(key)) Reflect.deleteProperty(copy, key);
    copy['done'] = false;
  }
  for (const slot of slotsOf(copy)) slot.holder[slot.key] = '';
  for (const choice of Array.isArray(copy['choices']) ? (copy['choices'] as unknown[]) : []) {
    if (isJson(choice) && 'finish_reason' in choice) choice['finish_reason'] = null;
  }
  return copy;
}

function written({ event }: ServerEvent, body: Json): string {
  if (event === '') return `${JSON.stringify(body)}\n`; // a line
  const name = event === 'message' ? '' : `event: ${event}\n`;
  return `${name}data: ${JSON.stringify(body)}\n\n`;
}

function parse(data: string): Json | undefined {
  try {
    const body: unknown = JSON.parse(data);
    return isJson(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
