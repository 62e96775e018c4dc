import { RequestNotBoundedError } from '../errors/catalogue.js';
import { isObject, type JsonObject } from '../providers/call-plan.js';

/** @throws RequestNotBoundedError for anything but a JSON object */
export function parseBody(text: string): JsonObject {
  const parsed = parseJson(text);
  if (isObject(parsed)) return parsed;
  throw new RequestNotBoundedError('Only requests with a JSON object as body can be metered.', {
    status: 400,
  });
}

/** @returns undefined for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
