import type { Originals } from '../safety/redaction.js';
import { restoredAnswer } from '../safety/restoration.js';
import { WholeBody } from './whole-body.js';

type Read =
  'text' | 'json' | 'arrayBuffer' | 'bytes' | 'blob' | 'formData' | 'clone' | 'body' | 'bodyUsed';
/** The types of Response know its methods as fields, which a class may not replace by methods. */
type Head = Omit<Response, Read | 'url'>;

type AnswerHead = Pick<Response, 'status' | 'statusText' | 'headers' | 'url'>;
type AnswerClass = new (body: WholeBody, head: AnswerHead) => Response;

let answerClass: AnswerClass | undefined;

/** The whole body of an answer. */
export async function wholeBodyOf(response: Response): Promise<WholeBody> {
  return new WholeBody(await response.arrayBuffer(), response.headers.get('content-type') ?? '');
}

/** The answer with the values that were replaced in its prompt. */
export function restoredWhole(
  body: WholeBody,
  head: AnswerHead,
  originals: Originals | undefined,
): Response {
  const restored = restoredAnswer(body.peek(), originals);
  if (restored !== undefined) body.replaceText(restored);
  return wholeAnswer(body, head);
}

/** An answer whose body was read already; `head` tells its status, headers and address. */
export function wholeAnswer(body: WholeBody, head: AnswerHead): Response {
  answerClass ??= defineAnswer();
  return new answerClass(body, head);
}

/** Made with the first answer, not at import: naming `Response` loads all that Node needs for `fetch`. */
function defineAnswer(): AnswerClass {
  const Base = Response as unknown as new (body: null, head: AnswerHead) => Head;
  return class WholeAnswer extends Base {
    readonly #body: WholeBody;
    readonly #url: string;

    constructor(body: WholeBody, head: AnswerHead) {
      super(null, head);
      this.#body = body;
      this.#url = head.url;
      this.headers.delete('content-encoding'); // fetch has decoded it
      this.headers.delete('content-length');
    }

    get url(): string {
      return this.#url;
    }

    get body(): Response['body'] {
      return this.#body.streamed().body;
    }

    get bodyUsed(): boolean {
      return this.#body.isUsed;
    }

    text(): Promise<string> {
      return this.#body.text();
    }

    json(): Promise<unknown> {
      return this.#body.json();
    }

    arrayBuffer(): Promise<ArrayBuffer> {
      return this.#body.arrayBuffer();
    }

    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return new Uint8Array(await this.#body.arrayBuffer());
    }

    blob(): Promise<Blob> {
      return this.#body.streamed().blob();
    }

    formData(): ReturnType<Response['formData']> {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- how an answer is read is up to the caller
      return this.#body.streamed().formData();
    }

    clone(): Response {
      return wholeAnswer(this.#body.copy(), this);
    }
  };
}
