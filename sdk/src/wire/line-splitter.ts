import type { ServerEvent } from './server-events.js';

const LINE_CHARACTERS_MAX = 32 * 1024 * 1024;

/** Cuts a text stream of one JSON value a line (`application/x-ndjson`) into events without a name, whatever the chunk borders. */
export class LineSplitter {
  #buffer = '';

  /** @throws RangeError when one line exceeds 32 MB. */
  push(text: string): ServerEvent[] {
    const lines = text.split('\n');
    const [first = ''] = lines;
    if (this.#buffer.length + first.length > LINE_CHARACTERS_MAX) {
      throw new RangeError('a line is too long');
    }
    lines[0] = this.#buffer + first;
    this.#buffer = lines.pop() ?? '';
    return lines.map(eventOf);
  }

  /** What is left when the stream ends: a last line without its end, or nothing. */
  rest(): ServerEvent | undefined {
    const line = this.#buffer;
    this.#buffer = '';
    return line === '' ? undefined : eventOf(line);
  }
}

function eventOf(line: string): ServerEvent {
  return { event: '', data: line.trim(), raw: `${line}\n` };
}
