import type { LabelledRecord } from '../pii-score.js';
import { hardCases } from './hard-cases.js';
import { lookAlikes } from './look-alikes.js';
import { Random } from './random.js';
import { namedSecrets, vendorKeys } from './secrets.js';
import { frames, templates } from './templates.js';
import { makers } from './values.js';

type Kind = keyof typeof makers;
type Labels = LabelledRecord['annotations'][number][];

/** What the labels are called, as in other collections. */
const names: Readonly<Record<Kind, string>> = {
  email: 'EMAIL_ADDRESS',
  card: 'CREDIT_CARD_NUMBER',
  ssn: 'SOCIAL_SECURITY_NUMBER',
  ipv4: 'IP_ADDRESS',
  ipv6: 'IP_ADDRESS',
  iban: 'IBAN',
  phone: 'PHONE_NUMBER',
};

/** Where keys stand that have a form of their own. */
const keyPlaces: readonly (readonly [string, string])[] = [
  ['API_KEY=', '\n'],
  ['export TOKEN="', '"\n'],
  ['{"key":"', '","debug":true}'],
  ['Authorization: Bearer ', '\r\n'],
  ['curl -H "X-Auth: ', '" https://api.vela.io'],
  ['The old key was ', ', please rotate it.'],
  ['- name: KEY\n  value: ', '\n'],
  ["const client = new Client('", "');"],
  ['使用密钥', '登录。'],
  ['`', '`'],
  ['https://example.org/cb?token=', '&x=1'],
];

/**
 * Labelled texts that no detector was made for: nothing of them is in a collection that others made.
 * @returns as many records as asked for, always the same for one seed
 */
export function heldOutRecords(seed: number, count: number): LabelledRecord[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    if (index % 4 === 3) return secretRecord(random);
    return filledRecord(random, random.pick(index % 4 === 2 ? frames : templates));
  });
}

function filledRecord(random: Random, template: string): LabelledRecord {
  const annotations: Labels = [];
  let text = '';
  for (const [index, part] of template
    .split(/\{(email|card|ssn|ipv4|ipv6|iban|phone|no)\}/)
    .entries()) {
    if (index % 2 === 0) {
      text += part;
    } else if (part === 'no') {
      text += random.pick(lookAlikes)(random);
    } else {
      const kind = part as Kind;
      const value = makers[kind](random);
      const start = text.length;
      text += value;
      annotations.push({ entity_type: names[kind], start, end: text.length });
    }
  }
  return { text, annotations };
}

function secretRecord(random: Random): LabelledRecord {
  const noise = `${random.pick(lookAlikes)(random)}\n`;
  const [before, secret, after] =
    random.next() < 0.6 ? keyInPlace(random) : random.pick(namedSecrets)(random);
  const start = noise.length + before.length;
  return {
    text: `${noise}${before}${secret}${after}`,
    annotations: [{ entity_type: 'API_KEY', start, end: start + secret.length }],
  };
}

function keyInPlace(random: Random): readonly [string, string, string] {
  const [before, after] = random.pick(keyPlaces);
  return [before, random.pick(vendorKeys)(random), after];
}

const labelOf: Readonly<Record<string, string>> = {
  ...names,
  ip: 'IP_ADDRESS',
  secret: 'API_KEY',
};

/** The cases of `hard-cases.ts` as records. */
export function hardRecords(): LabelledRecord[] {
  return hardCases.map((marked) => {
    const annotations: Labels = [];
    let text = '';
    for (const [index, part] of marked.split(/«(\w+\|[^»]*)»/).entries()) {
      const [type = '', ...value] = index % 2 === 0 ? ['', part] : part.split('|');
      const start = text.length;
      text += value.join('|');
      const label = labelOf[type];
      if (label !== undefined) {
        annotations.push({ entity_type: label, start, end: text.length });
      }
    }
    return { text, annotations };
  });
}
