export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Cuts a `text/event-stream` into events; feed it the text as it arrives, in pieces of any size. */
export class EventStreamParser {
  private rest = '';
  private event = '';
  private data: string[] = [];

  push(text: string): ServerEvent[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.line(line) ?? []);
  }

  private line(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch();
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const { event, data } = this;
    this.event = '';
    this.data = [];
    return data.length > 0
      ? { event: event === '' ? 'message' : event, data: data.join('\n') }
      : undefined;
  }
}
