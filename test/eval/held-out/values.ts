import type { Random } from './random.js';

/** Makers of personal data that is nobody's: numbers with right check digits, addresses of no one. */
export const makers = {
  email: makeEmail,
  card: makeCard,
  ssn: makeSsn,
  ipv4: makeIpv4,
  ipv6: makeIpv6,
  iban: makeIban,
  phone: makePhone,
} as const;

const givenNames = [
  ...['anna', 'bram', 'chloe', 'dario', 'elif', 'farid', 'greta', 'hugo', 'ines', 'jonas'],
  ...['katarzyna', 'lucia', 'mehmet', 'noor', 'olga', 'paulo', 'quentin', 'rosa', 'sven', 'tuva'],
];
const familyNames = [
  ...['abara', 'bergström', 'castellanos', 'dubois', 'eriksen', 'fontaine', 'grünwald', 'horváth'],
  ...['ivanova', 'jansen', 'kowalczyk', 'lindqvist', 'moretti', 'nakamura', 'okafor', 'pereira'],
];
const domains = [
  ...['north-harbour.com', 'lindenhof.de', 'atelier-blanc.fr', 'mail.puertomar.es', 'fjordlab.no'],
  ...['brightfield.co.uk', 'kaplan-legal.com.tr', 'studio.museum', 'quay.technology', 'vela.io'],
  ...['xn--mnchen-3ya.de', 'groenewoud.nl', 'sakura-shop.co.jp', 'zdrowie24.pl', 'posta.gov.it'],
];
const foreignDomains = ['bücherstube.de', 'почта.рф', 'café-central.fr', '例え.jp', 'häuser.ch'];

function plain(name: string): string {
  return name.normalize('NFD').replace(/[^a-z]/g, '');
}

function makeEmail(random: Random): string {
  const [given, family] = [random.pick(givenNames), plain(random.pick(familyNames))];
  const local = random.pick([
    `${given}.${family}`,
    `${given}${random.whole(1, 99)}`,
    `${given.charAt(0)}_${family}`,
    `${given}+${random.pick(['news', 'invoices', '2024', 'shop.fr'])}`,
    `${given}-${family}`,
    `${given.toUpperCase()}.${family.toUpperCase()}`,
    `o'${family}`,
  ]);
  const domain = random.pick(domains);
  return random.pick([
    ...Array<string>(8).fill(`${local}@${domain}`),
    `${local}@${random.pick(foreignDomains)}`,
    `"${given} ${family}"@${domain}`,
    `${given}.${random.pick(familyNames)}@${domain}`,
    `${given}.${family} [at] ${domain.replace(/\.(\w+)$/, ' [dot] $1')}`,
    `${given}.${family}(at)${domain}`,
    `${given}.${family}%40${domain}`,
    `${given}.${family}&#64;${domain}`,
    `${given}.${family}\\u0040${domain}`,
  ]);
}

/** The digit that makes `digits` pass Luhn's check. */
export function luhnDigit(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .map((digit, index) => Number(digit) * (index % 2 === 0 ? 2 : 1))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return String((10 - (sum % 10)) % 10);
}

const brands: readonly (readonly [prefixes: readonly string[], length: number])[] = [
  [['4'], 16],
  [['51', '52', '53', '54', '55', '2221', '2720'], 16],
  [['34', '37'], 15],
  [['6011', '65'], 16],
  [['3528', '3589'], 16],
  [['62'], 16],
];

function makeCard(random: Random): string {
  const [prefixes, length] = random.pick(brands);
  const start = random.pick(prefixes);
  const digits = start + random.digits(length - start.length - 1);
  const number = digits + luhnDigit(digits);
  const groups = length === 15 ? /^(.{4})(.{6})(.{5})$/ : /^(.{4})(.{4})(.{4})(.{4})$/;
  const separator = random.pick(['', ' ', '-', '\u00a0', '\u202f', ' ']);
  return (groups.exec(number) ?? []).slice(1).join(separator);
}

function makeSsn(random: Random): string {
  const area = random.whole(1, 899);
  const parts = [
    String(area === 666 ? 667 : area).padStart(3, '0'),
    String(random.whole(1, 99)).padStart(2, '0'),
    String(random.whole(1, 9_999)).padStart(4, '0'),
  ];
  return parts.join(random.pick(['-', '-', '-', ' ', '']));
}

function makeIpv4(random: Random): string {
  const first = random.pick([10, 31, 52, 83, 94, 146, 172, 185, 192, 203, 217]);
  const rest = [random.whole(0, 255), random.whole(0, 255), random.whole(1, 254)];
  return [first, ...rest].join('.');
}

function makeIpv6(random: Random): string {
  const group = (): string => random.hex(random.whole(1, 4)).replace(/^0+(?=.)/, '');
  const full = Array.from({ length: 6 }, group).join(':');
  return random.pick([
    `2001:db8:${full}`,
    `2a02:${random.hex(4)}:${random.hex(4)}::${random.hex(4)}`,
    `fe80::${random.hex(4)}:${random.hex(2)}ff:fe${random.hex(2)}:${random.hex(4)}`,
    `2606:4700::${random.hex(4)}`,
    `::ffff:${makeIpv4(random)}`,
  ]);
}

const ibanForms: readonly (readonly [country: string, length: number, letters: number])[] = [
  ...[['DE', 22, 0] as const, ['NL', 18, 4] as const, ['ES', 24, 0] as const],
  ...[['BE', 16, 0] as const, ['GB', 22, 4] as const, ['AT', 20, 0] as const],
  ...[['PL', 28, 0] as const, ['CH', 21, 0] as const, ['NO', 15, 0] as const],
];

function makeIban(random: Random): string {
  const [country, length, letters] = random.pick(ibanForms);
  const account = random.letters(letters).toUpperCase() + random.digits(length - letters - 4);
  const number = Array.from(`${account}${country}00`)
    .map((character) => String(parseInt(character, 36)))
    .join('');
  const check = String(98n - (BigInt(number) % 97n)).padStart(2, '0');
  const iban = `${country}${check}${account}`;
  return random.pick([iban, iban.replace(/(.{4})(?=.)/g, '$1 ')]);
}

function makePhone(random: Random): string {
  const area = random.pick(['212', '312', '415', '617', '702', '808']);
  const line = `${random.whole(200, 998)}-${random.digits(4)}`;
  return random.pick([
    `+1 ${area}-${line}`,
    `(${area}) ${line}`,
    `${area}-${line}`,
    `+49 30 ${random.digits(4)} ${random.digits(4)}`,
    `+44 20 7${random.digits(3)} ${random.digits(4)}`,
    `+33 6 ${random.digits(2)} ${random.digits(2)} ${random.digits(2)} ${random.digits(2)}`,
    `+81-3-${random.whole(3000, 5999)}-${random.digits(4)}`,
    `+55 11 9${random.digits(4)}-${random.digits(4)}`,
    `+91 9${random.digits(4)} ${random.digits(5)}`,
    `+34 6${random.digits(2)} ${random.digits(3)} ${random.digits(3)}`,
  ]);
}
