const utf8 = new TextDecoder();

/**
 * A body that was read already, for somebody to read again. Text, JSON and bytes are handed out as
 * they are: a stream around them would cost more than everything else that is done with an answer.
 * Whoever wants a stream gets one.
 */
export class WholeBody {
  readonly #type: string;
  #bytes: ArrayBuffer | undefined;
  #text: string | undefined;
  #isRead = false;
  /** Takes over as soon as the body is read in another way than at once. */
  #streamed: Response | undefined;

  /** @param type the content type: it decides how a form is read */
  constructor(bytes: ArrayBuffer, type: string) {
    this.#bytes = bytes;
    this.#type = type;
  }

  /** The text; looking at it leaves the body unread. */
  peek(): string {
    return (this.#text ??= utf8.decode(this.#all()));
  }

  /** Puts another text in its place. */
  replaceText(text: string): void {
    this.#text = text;
    this.#bytes = undefined;
  }

  get isUsed(): boolean {
    return this.#streamed?.bodyUsed ?? this.#isRead;
  }

  text(): Promise<string> {
    return this.#streamed?.text() ?? this.#read(() => this.peek());
  }

  json(): Promise<unknown> {
    return this.#streamed?.json() ?? this.#read(() => JSON.parse(this.peek()) as unknown);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#streamed?.arrayBuffer() ?? this.#read(() => this.#all());
  }

  /** The body as a response of its own, for all other ways to read it. */
  streamed(): Response {
    if (this.#streamed === undefined) {
      const headers = { 'content-type': this.#type };
      this.#streamed = new Response(this.#all(), { headers });
      // What was read before is read here too: nobody gets it twice.
      if (this.#isRead) void this.#streamed.arrayBuffer();
    }
    return this.#streamed;
  }

  /** The same once more, to be read on its own. @throws TypeError when it was read */
  copy(): WholeBody {
    if (this.isUsed || this.#streamed?.body?.locked === true) {
      throw new TypeError('Response.clone: Body has already been consumed.');
    }
    return new WholeBody(this.#all().slice(0), this.#type);
  }

  #all(): ArrayBuffer {
    return (this.#bytes ??= new TextEncoder().encode(this.#text).buffer);
  }

  async #read<Form>(take: () => Form): Promise<Form> {
    if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read');
    this.#isRead = true;
    return Promise.resolve(take());
  }
}
