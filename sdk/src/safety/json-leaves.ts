import { PiiBlockedError } from '../errors/catalogue.js';

const DEPTH_MAX = 64;
const BASE64_MIN = 100;
/** Opaque values of providers: not written by people, and often megabytes of base64. */
const opaqueKeys = new Set(['encrypted_content', 'signature']);
const binaryKeys = new Set(['data', 'b64_json', 'file_data', 'image', 'audio', 'bytes', 'url']);
/** A list of images as base64, in Ollama's language. */
const IMAGES = 'images';
const base64 = /^[A-Za-z0-9+/_-]{100}/;

/** A name in a program: most keys are, and none of what is looked for. */
const plainName = /^[A-Za-z_$][\w$]{0,31}$/;

/** A string somewhere in a request. */
export interface Leaf {
  readonly key: string;
  /** `messages[0].content`. */
  readonly path: () => string;
  readonly text: string;
}

/** Returns another text for a string, or the same. */
export type LeafChange = (leaf: Leaf) => string;

/**
 * Visits every string of `value`, keys of objects included, and changes them in place. Left out are images and
 * other binary content, and opaque values that only the provider can read.
 * @throws PiiBlockedError when the nesting is deeper than 64
 */
export function changeLeaves(value: object, change: LeafChange): void {
  visit(value, { change, depth: 0, path: () => '', name: '' });
}

interface Visit {
  readonly change: LeafChange;
  readonly depth: number;
  readonly path: () => string;
  /** The name of `value`. */
  readonly name: string;
}

function visit(value: object, { change, depth, path, name: outer }: Visit): void {
  if (depth > DEPTH_MAX) {
    throw new PiiBlockedError(
      'The request is nested too deeply to be checked for personal data: more than ' +
        `${DEPTH_MAX.toString()} levels.`,
      { status: 422 },
    );
  }
  const isList = Array.isArray(value);
  let isRenamed = false;
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const isName = isList || plainName.test(key);
    const name = isName ? key : change({ key: '', path: () => `${path()}.*`, text: key });
    isRenamed ||= name !== key;
    const innerPath = (): string => pathOf(path(), name, isList);
    let after = inner;
    if (typeof inner === 'string') {
      if (!isOpaque(isList && outer === IMAGES ? 'image' : key, inner)) {
        after = change({ key: isList ? '' : key, path: innerPath, text: inner });
      }
      if (after !== inner) Reflect.set(value, key, after);
    } else if (typeof inner === 'object' && inner !== null) {
      visit(inner, { change, depth: depth + 1, path: innerPath, name: key });
    }
    entries.push([name, after]);
  }
  if (!isRenamed) return;
  for (const key of Object.keys(value)) Reflect.deleteProperty(value, key);
  for (const [name, inner] of entries) Reflect.set(value, name, inner);
}

function pathOf(outer: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${outer}[${key}]`;
  return outer === '' ? key : `${outer}.${key}`;
}

function isOpaque(key: string, text: string): boolean {
  if (opaqueKeys.has(key)) return true;
  if (text.startsWith('data:') && text.slice(0, 100).includes(';base64,')) return true;
  return text.length >= BASE64_MIN && binaryKeys.has(key) && base64.test(text);
}
