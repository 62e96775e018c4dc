import { RequestNotBoundedError } from '../errors/catalogue.js';
import type { CallPlan, CallTarget, JsonObject } from '../providers/call-plan.js';
import { isObject, textOf } from '../providers/call-plan.js';
import { linesOf } from '../providers/batch-plan.js';
import { planOfFile } from '../providers/openai-batches.js';
import { UploadedFile } from '../providers/uploaded-file.js';
import { parseJson } from './json-body.js';
import { readBody, type SentBody } from './request-body.js';
import type { OutgoingRequest } from './outgoing-request.js';

const FILES_MAX = 1_000;

/** A file on its way to the provider. */
export interface Upload {
  readonly sent: SentBody;
  /** What it asks for, when it is a batch. */
  readonly plan: CallPlan | undefined;
}

/** What the batches ask for whose files this process uploaded. */
export class BatchFiles {
  readonly #plans = new Map<string, CallPlan>();

  plan(fileId: string): CallPlan | undefined {
    return this.#plans.get(fileId);
  }

  /**
   * Reads an upload before it leaves.
   * @param check looks for personal data, and changes what it replaces; returns whether it did
   * @throws RequestNotBoundedError for files that are paid for in a way that is not known
   */
  async read(
    request: OutgoingRequest,
    target: CallTarget,
    check: (body: JsonObject) => boolean,
  ): Promise<Upload> {
    const { fields, original } = await readBody(request, { name: 'files', isForm: true });
    const purpose = textOf(fields['purpose']);
    const { file } = fields;
    if (purpose === 'fine-tune') {
      throw new RequestNotBoundedError(
        'Files for fine-tuning are refused: what is made of them has no price.',
        {
          status: 400,
        },
      );
    }
    if (purpose !== 'batch' || !(file instanceof UploadedFile))
      return { sent: original, plan: undefined };
    const lines = linesOf(new TextDecoder().decode(file.bytes));
    if (lines === undefined) {
      throw new RequestNotBoundedError(
        'The file of a batch has to be one JSON object on each line.',
        {
          status: 400,
        },
      );
    }
    const isChanged = lines.map((line) => check(line)).includes(true);
    const plan = planOfFile(lines, target);
    if (!isChanged || typeof original === 'string') return { sent: original, plan };
    const form = new FormData();
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    for (const [name, value] of original) {
      if (name !== 'file') form.append(name, value);
      else form.append(name, new File([text], file.name, { type: file.type }));
    }
    return { sent: form, plan };
  }

  /** Remembers under which id the provider keeps a file. */
  note(text: string, plan: CallPlan): void {
    const answer = parseJson(text);
    const id = isObject(answer) ? textOf(answer['id']) : '';
    if (id === '') return;
    const [oldest] = this.#plans.keys();
    if (this.#plans.size >= FILES_MAX && oldest !== undefined) this.#plans.delete(oldest);
    this.#plans.set(id, plan);
  }
}
