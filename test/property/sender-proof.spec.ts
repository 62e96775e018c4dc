import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { proofHeader } from '../../sdk/src/wire/sender-proof.js';
import { newId } from '../../src/kernel/ids.js';
import {
  parseProof,
  proofMac,
  proofText,
  type SentRequest,
} from '../../src/kernel/sender-proof.js';
import { BoundSession, rawCall } from '../harness/bound-session.js';
import { Installation } from '../harness/installation.js';

const seed = Number(process.env['IRON_CAGE_SEED'] ?? Date.now() % 2 ** 31);
process.stdout.write(`sender proof seed: IRON_CAGE_SEED=${seed}\n`);

const among = (characters: string) => fc.constantFrom(...Array.from(characters));

/** What may stand in a request line: everything that is printable, also what URL libraries would write otherwise. */
const target = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '%2f',
        '%2F',
        '%00',
        '%C3%A4',
        '+',
        ';',
        '//',
        '/../',
        '?',
        '&&',
        '=',
        '%',
        '~',
        "'",
      ),
      fc.string({ unit: among('abcXYZ019-_.!*()@:$,|^`{}[]"<>\\'), maxLength: 6 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const time = fc.integer({ min: 1, max: 10 ** 15 - 1 });
const requests = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  path: target.map((rest) => `/v1/sdk/${rest}`),
  body: bytes,
  bearer: fc.string({ unit: among('ic_dev019AZaz'), minLength: 1, maxLength: 60 }),
});

describe('what is signed and what is checked', () => {
  it('are the same for every request that can be sent', () => {
    fc.assert(
      fc.property(requests, time, bytes, (request, timeMs, seedBytes) => {
        const key = Buffer.concat([seedBytes, Buffer.alloc(32)]).subarray(0, 32);
        const terms = { sessionId: newId(), keyVersion: 3, timeMs };
        const proof = parseProof(proofHeader(request, terms, key));
        expect(proof).toMatchObject({ sessionId: terms.sessionId, keyVersion: 3 });
        expect(proof && proofMac(createSecretKey(key), request, proof)).toBe(proof?.mac);
      }),
      { seed },
    );
  });

  it('are different for any two requests that differ', () => {
    const said = (request: SentRequest, at: number) =>
      proofText(request, { sessionId: '0', time: String(at) });
    fc.assert(
      fc.property(requests, requests, time, time, (one, two, first, second) => {
        const same =
          one.method === two.method &&
          one.path === two.path &&
          one.body.equals(two.body) &&
          one.bearer === two.bearer &&
          first === second;
        expect(said(one, first) === said(two, second)).toBe(same);
        expect(said({ ...one, path: two.path }, first) === said(one, first)).toBe(
          one.path === two.path,
        );
      }),
      { seed },
    );
  });
});

describe('over HTTP, whatever is sent', () => {
  let site: Installation;
  let session: BoundSession;
  beforeAll(async () => {
    site = await Installation.start();
    const project = await site.project({ policy: { senderBinding: 'required' }, deposit: '1' });
    session = await BoundSession.start(site.url, project.key);
  });
  afterAll(() => site.stop());

  const json = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value, null, 3)),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify({ text })),
    fc.constantFrom('{"a":1,"a":2}', '\t{ } \n', '{"\\u0061":"\\ud83d\\ude00é"}', '\ufeff{}'),
  );

  it('the right signature is never refused as a wrong one, and a changed byte always is', async () => {
    await fc.assert(
      fc.asyncProperty(
        json,
        fc.webQueryParameters(),
        target,
        fc.nat(),
        async (text, query, more, at) => {
          const body = Buffer.from(text);
          const noise = more.replace(/[^\w%+;&=.~'-]/g, '');
          const path = `/v1/sdk/sessions/${session.id}/heartbeat?${query}${noise}`;
          const token = session.key;
          const proof = session.proof('POST', path, body);
          const good = await rawCall(site.url, 'POST', path, { token, body, proof });
          // The body may be refused for what it says, or be no JSON; the proof is not at fault.
          expect([200, 400, 422]).toContain(good.status);
          const changed = Buffer.from(body);
          changed.writeUInt8((changed.readUInt8(at % body.length) ^ 1) & 0xff, at % body.length);
          const bad = await rawCall(site.url, 'POST', path, { token, body: changed, proof });
          // What is no JSON any more is not even looked at.
          expect([400, 401]).toContain(bad.status);
          if (bad.status === 401) expect(bad.body['error'].code).toBe('PROOF_INVALID');
        },
      ),
      { seed, numRuns: 100 },
    );
  });

  it('random headers open nothing and break nothing', async () => {
    const path = `/v1/sdk/sessions/${session.id}/heartbeat`;
    const body = Buffer.from('{}');
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom('1', '0', '-1', session.id, newId(), String(Date.now()), ''),
        fc.constant(randomBytes(32).toString('base64url')),
        fc.string({ unit: among('aZ09-_.=+/ ,;"'), maxLength: 50 }),
      ),
      { maxLength: 7 },
    );
    await fc.assert(
      fc.asyncProperty(parts, async (list) => {
        const answer = await rawCall(site.url, 'POST', path, {
          token: session.key,
          body,
          proof: list.join('.'),
        });
        expect([answer.status, answer.body['error'].code]).toEqual([401, 'PROOF_INVALID']);
      }),
      { seed, numRuns: 60 },
    );
  });
});
