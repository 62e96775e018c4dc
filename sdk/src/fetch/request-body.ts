import { RequestNotBoundedError } from '../errors/catalogue.js';
import type { Endpoint, JsonObject } from '../providers/call-plan.js';
import { UploadedFile } from '../providers/uploaded-file.js';
import { parseBody } from './json-body.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** A body as it is sent: JSON, or a form. */
export type SentBody = string | FormData;

export interface RequestBody {
  /** What it says; a form's fields by their names. May be changed. */
  readonly fields: JsonObject;
  readonly original: SentBody;
}

/** @throws RequestNotBoundedError for a body of another kind than the endpoint takes */
export async function readBody(
  request: OutgoingRequest,
  endpoint: Pick<Endpoint, 'name' | 'isForm'>,
): Promise<RequestBody> {
  if (endpoint.isForm !== true) {
    const original = await request.readText();
    return { fields: parseBody(original), original };
  }
  if (!request.isForm) {
    throw new RequestNotBoundedError(
      `A request for ${endpoint.name} is a form (multipart/form-data); this one is not.`,
      { status: 400 },
    );
  }
  const original = await request.readForm();
  return { fields: await fieldsOf(original), original };
}

/** The body to send after its fields were changed. */
export function writtenBody({ fields, original }: RequestBody): SentBody {
  if (typeof original === 'string') return JSON.stringify(fields);
  const form = new FormData();
  const seen = new Map<string, number>();
  for (const [name, value] of original) {
    const index = seen.get(name) ?? 0;
    seen.set(name, index + 1);
    const field = fields[name];
    const changed: unknown = Array.isArray(field) ? field[index] : field;
    if (typeof value !== 'string') form.append(name, value, value.name);
    else form.append(name, typeof changed === 'string' ? changed : value);
  }
  // What was added, such as a maximum.
  for (const [name, field] of Object.entries(fields)) {
    if (!seen.has(name) && ['string', 'number'].includes(typeof field)) {
      form.append(name, String(field));
    }
  }
  return form;
}

async function fieldsOf(form: FormData): Promise<JsonObject> {
  const fields: JsonObject = {};
  for (const [name, value] of form) {
    const field = typeof value === 'string' ? value : await uploaded(value);
    const before = fields[name];
    if (before === undefined) fields[name] = field;
    else fields[name] = Array.isArray(before) ? [...(before as unknown[]), field] : [before, field];
  }
  return fields;
}

async function uploaded(file: File): Promise<UploadedFile> {
  const { name, type } = file;
  return new UploadedFile({ name, type, bytes: new Uint8Array(await file.arrayBuffer()) });
}
