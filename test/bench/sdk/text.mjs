import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const docs = fileURLToPath(new URL('../../../node_modules/fastify/docs/', import.meta.url));

/** English prose with code in it, as prompts have: the manual of Fastify, 600 kB. */
const corpus = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .sort()
  .map((name) => readFileSync(docs + name, 'utf8'))
  .join('\n');

let state = 12_345;
function random() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** A text that was not used before: nothing that is remembered of texts helps. */
export function freshText(length) {
  const start = Math.floor(random() * (corpus.length - length));
  return corpus.slice(start, start + length);
}
