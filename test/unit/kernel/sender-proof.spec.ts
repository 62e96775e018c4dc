import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { proofHeader } from '../../../sdk/src/wire/sender-proof.js';
import {
  parseProof,
  printProof,
  proofMac,
  proofText,
  type SentRequest,
} from '../../../src/kernel/sender-proof.js';

/** The example of the documentation, read out of it: what a client in another language is checked against must be true. */
const page = readFileSync('docs/sdk-protocol.md', 'utf8');
const section = page.slice(page.indexOf('## 6. Sender binding'));
const valueOf = (name: string): string => {
  const found = new RegExp(`^${name} += (.*)$`, 'm').exec(section)?.[1];
  if (found === undefined) throw new Error(`docs/sdk-protocol.md does not say ${name}`);
  return found;
};
const [method = '', path = ''] = valueOf('request').split(' ');
const request: SentRequest = {
  method,
  path,
  body: Buffer.from(valueOf('body')),
  bearer: valueOf('bearer'),
};
const terms = { sessionId: valueOf('sessionId'), time: valueOf('time') };
const keyVersion = Number(valueOf('keyVersion'));
const key = Buffer.from(valueOf('key'), 'base64url');

describe('the proof of a session', () => {
  it('is what the documentation works out, for the server and for the SDK', () => {
    const text = proofText(request, terms);
    const shown = /```text\n(iron-cage-proof\/1\n[^`]*)\n```/.exec(section)?.[1];
    expect(text).toBe(shown);
    const mac = proofMac(createSecretKey(key), request, terms);
    expect(printProof({ ...terms, keyVersion, mac })).toBe(valueOf('header'));
    const body = Buffer.from(request.body);
    const { sessionId } = terms;
    const signed = { sessionId, keyVersion, timeMs: Number(terms.time) };
    expect(proofHeader({ ...request, body }, signed, key)).toBe(valueOf('header'));
  });

  it('is read as it was written, and nothing else is read', () => {
    const header = valueOf('header');
    const proof = parseProof(header);
    expect(proof && printProof(proof)).toBe(header);
    for (const other of [
      `${header}\n`,
      `\n${header}`,
      header.replace('1.', '1..'),
      header.replace(/\.\d+\./, '.0.'),
      header.replace(/\.\d+\./, '.1234567890.'),
      header.replace(/[\w-]{43}$/, (mac) => `${mac}${mac}`),
      header.replace(/[\w-]{43}$/, (mac) => mac.replace(/.$/, '/')),
    ]) {
      expect(parseProof(other)).toBeUndefined();
    }
  });
});
