/** One event of a `text/event-stream`, with the text it came in (blank line included). */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly raw: string;
}

const EVENT_CHARACTERS_MAX = 32 * 1024 * 1024;

/** Cuts a text stream into events (WHATWG "server-sent events"), whatever the chunk borders. */
export class ServerEventSplitter {
  #buffer = '';
  #scanned = 0;

  /** @throws RangeError when one event exceeds 32 MB. */
  push(text: string): ServerEvent[] {
    this.#buffer += text;
    const events: ServerEvent[] = [];
    for (let end = this.#nextEnd(); end > 0; end = this.#nextEnd()) {
      events.push(parseEvent(this.#buffer.slice(0, end)));
      this.#buffer = this.#buffer.slice(end);
      this.#scanned = 0;
    }
    if (this.#buffer.length > EVENT_CHARACTERS_MAX) throw new RangeError('an event is too long');
    return events;
  }

  /** What is left when the stream ends: a last event without its blank line, or nothing. */
  rest(): ServerEvent | undefined {
    const raw = this.#buffer;
    this.#buffer = '';
    this.#scanned = 0;
    return raw === '' ? undefined : parseEvent(raw);
  }

  /** The end of the first blank line, or 0. Never looks at a character twice. */
  #nextEnd(): number {
    const blankLine = /\r\n\r\n|\n\n|\r\r|\n\r\n/g;
    blankLine.lastIndex = Math.max(0, this.#scanned - 3);
    const found = blankLine.exec(this.#buffer);
    this.#scanned = this.#buffer.length;
    return found === null ? 0 : found.index + found[0].length;
  }
}

function parseEvent(raw: string): ServerEvent {
  let event = 'message';
  const data: string[] = [];
  for (const line of raw.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (line.startsWith('data:')) data.push(value);
    else if (line.startsWith('event:')) event = value;
  }
  return { event, data: data.join('\n'), raw };
}
