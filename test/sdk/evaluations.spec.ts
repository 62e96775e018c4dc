import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { piiTypes } from '../../sdk/src/safety/finding.js';
import { boundAll, type SentRequest } from '../eval/bounds-decision.js';
import { hardRecords, heldOutRecords } from '../eval/held-out/held-out.js';
import { readRecords } from '../eval/json-lines.js';
import { findAll } from '../eval/pii-decision.js';
import { typeOfLabel } from '../eval/pii-labels.js';
import { type Score, scoreRecord, spanOf } from '../eval/pii-score.js';
import { decideAll, type Question, shippedPrices } from '../eval/usage-decision.js';

const nowMs = Date.parse('2026-11-01');

/** The same record with something expected that must not be looked at: doing so throws. */
function guarded<T extends object>(record: T, expected: readonly string[]): T {
  const traps = expected.map((name) => [
    name,
    {
      enumerable: true,
      get: () => {
        throw new Error(`${name} was looked at`);
      },
    },
  ]);
  return Object.defineProperties({ ...record }, Object.fromEntries(traps) as PropertyDescriptorMap);
}

describe('what an evaluation decides', () => {
  it('comes from the text alone, and not from its labels', () => {
    const records = heldOutRecords(5, 60);
    const types = new Set<string>(piiTypes);
    const decided = findAll(records, types);
    expect(decided.flat().length).toBeGreaterThan(50);
    expect(
      findAll(
        records.map((each) => guarded(each, ['annotations'])),
        types,
      ),
    ).toEqual(decided);
    const scrambled = records.map(({ text }, index) => ({ ...records[(index + 7) % 60], text }));
    expect(findAll(scrambled, types)).toEqual(decided);
  });

  it('comes from the request alone, and not from what the provider counted', () => {
    const lines: SentRequest[] = ['gpt-5', 'gpt-4o'].map((model) => ({
      host: 'api.openai.com',
      path: '/v1/chat/completions',
      request: { model, messages: [{ role: 'user', content: 'Hello' }] },
    }));
    const prices = shippedPrices();
    const decided = boundAll(prices, lines, nowMs);
    expect(decided.map(({ kind }) => kind)).toEqual(['bounded', 'bounded']);
    const strange = { host: 'no host at all', path: '/v1/messages', request: {} };
    expect(boundAll(prices, [strange], nowMs)[0]?.kind).toBe('refused');
    const withUsage = lines.map((line) => guarded(line, ['usage']));
    expect(boundAll(prices, withUsage, nowMs)).toEqual(decided);
  });

  it('comes from the answer alone, and not from the usage or the prices that are expected', () => {
    const body = { model: 'gpt-5', usage: { prompt_tokens: 90, completion_tokens: 10 } };
    const question: Question = { body, provider: 'openai', flavour: 'chat' };
    const decided = decideAll([question], nowMs);
    expect(decided[0]?.counts).toEqual({ input: 90, output: 10 });
    expect(decided[0]?.price?.total).toBeGreaterThan(0n);
    const expected = ['usage', 'input_price', 'output_price', 'total_price', 'extracted'];
    expect(decideAll([guarded(question, expected)], nowMs)).toEqual(decided);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'eval-'));
  const schema = z.object({ a: z.number() });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('may be several, compressed or not; what does not fit is told with its line', () => {
    const plain = join(folder, 'plain.jsonl');
    const packed = join(folder, 'packed.jsonl.gz');
    writeFileSync(plain, '\ufeff{"a":1}\r\n\n{"a":\n{"a":"x"}\n{"a":2}');
    writeFileSync(packed, gzipSync('{"a":3}\n'));
    const { records, problems } = readRecords([plain, packed, join(folder, 'none')], schema);
    expect(records.map(({ file, line, record }) => [file, line, record.a])).toEqual([
      ['plain.jsonl', 1, 1],
      ['plain.jsonl', 5, 2],
      ['packed.jsonl.gz', 1, 3],
    ]);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^plain\.jsonl:3 is not JSON/);
    expect(problems[1]).toMatch(/^plain\.jsonl:4 does not fit: a:/);
    expect(problems[2]).toMatch(/^none cannot be read/);
  });
});

describe('labels', () => {
  it.each([
    ['email', 'EMAIL_ADDRESS', 'email', 'E-mail', 'userEmail', 'email address'],
    ['card', 'CREDIT_CARD_NUMBER', 'credit_card_number', 'creditcard', 'Card Number', 'pan'],
    ['ssn', 'SOCIAL_SECURITY_NUMBER', 'us_ssn', 'SSN', 'US_ITIN'],
    ['ip', 'IP_ADDRESS', 'ipv4', 'IPv6_ADDRESS', 'ip', 'ipAddress', 'source_ip'],
    ['secret', 'API_KEY', 'api-key', 'password', 'AUTHENTICATION_TOKEN', 'access token', 'secret'],
    ['phone', 'PHONE_NUMBER', 'phone', 'MOBILE_NUMBER', 'fax', 'telephone'],
    ['iban', 'IBAN', 'iban_code'],
    ['birthDate', 'DATE_OF_BIRTH', 'dob'],
    ['bankAccount', 'BANK_ACCOUNT_NUMBER', 'account_number', 'SWIFT_BIC_CODE'],
  ])('of %s are known in many spellings', (type, ...labels) => {
    expect(labels.map((label) => [label, typeOfLabel(label)])).toEqual(
      labels.map((label) => [label, type]),
    );
  });

  it.each(['PERSON_NAME', 'CVV', 'CREDIT_CARD_EXPIRATION', 'ZIP', 'TIMESTAMP', 'IP_OWNER'])(
    'of %s are of nothing that is looked for',
    (label) => {
      expect(typeOfLabel(label)).toBeUndefined();
    },
  );

  it('may count characters as other languages do', () => {
    const text = '😀😀 a@b.co';
    expect(spanOf(text, { entity_type: 'EMAIL', start: 3, end: 9, text: 'a@b.co' })).toEqual({
      start: 5,
      end: 11,
    });
    const told = { entity_type: 'EMAIL', start: 5, end: 11, text: 'a@b.co' };
    expect(spanOf(text, told)).toEqual({ start: 5, end: 11 });
  });
});

describe('texts that no detector was made for', () => {
  const types = new Set(piiTypes);
  const scores = new Map<string, Score>();
  const records = [...heldOutRecords(1, 3_000), ...heldOutRecords(20_261, 1_500), ...hardRecords()];
  const found = findAll(records, types);
  records.forEach((record, index) => {
    scoreRecord(record, found[index] ?? [], types, scores);
  });

  it.each(['email', 'card', 'ssn', 'ipv4', 'ipv6', 'secret', 'iban', 'phone'])(
    'have nearly all of %s found, and nearly nothing else taken for it',
    (type) => {
      const score = scores.get(type);
      if (score === undefined) throw new Error(`nothing of ${type}`);
      expect(score.expected).toBeGreaterThan(100);
      expect(score.recalled / score.expected).toBeGreaterThanOrEqual(0.98);
      expect(score.correct / score.found).toBeGreaterThanOrEqual(0.99);
    },
  );

  it('are the same for the same seed, and others for another', () => {
    expect(heldOutRecords(3, 20)).toEqual(heldOutRecords(3, 20));
    expect(heldOutRecords(3, 20)).not.toEqual(heldOutRecords(4, 20));
  });
});
