import { passesLuhn } from '../../sdk/src/safety/check-digits.js';
import { findPii } from '../../sdk/src/safety/detect.js';
import { piiTypes } from '../../sdk/src/safety/finding.js';

const all = new Set<string>(piiTypes);
const onByDefault = new Set(['email', 'card', 'iban', 'ssn', 'phone', 'ip', 'secret']);

/** `type: text` for everything that is found. */
function found(text: string, types: ReadonlySet<string> = onByDefault): string[] {
  return findPii(text, types).map(({ type, start, end }) => `${type}: ${text.slice(start, end)}`);
}

describe('e-mail addresses', () => {
  it.each([
    ['write to alice@example.com.', ['alice@example.com']],
    ['<a.b+tag@mail.example.co.uk>, x_y@z.io', ['a.b+tag@mail.example.co.uk', 'x_y@z.io']],
    ['"o\'brien@example.org"', ["o'brien@example.org"]],
    ['{"to":"bob@example.com"}', ['bob@example.com']],
    ['jürgen@example.de', ['jürgen@example.de']],
    ['post@müller-söhne.de', ['post@müller-söhne.de']],
    ['联系alice@example.com谢谢', ['alice@example.com']],
    ['敏.赵7@example.com', ['敏.赵7@example.com']],
    ['Ann|ann@example.com|30', ['ann@example.com']],
    ['mailto:eve@example.com?subject=x', ['eve@example.com']],
    ['https://example.com/u?id=1&email=eve@example.com', ['eve@example.com']],
    ['line\\nfoo@example.com', ['foo@example.com']],
  ])('are found in %s', (text, expected) => {
    expect(found(text)).toEqual(expected.map((address) => `email: ${address}`));
  });

  it.each([
    '@decorator',
    'a@b',
    'user@localhost',
    'x @ y.com',
    '@scope/package@1.2.3',
    'a.@b.com',
    'logo@2x.png',
    'getty@tty1.service',
    'git log HEAD@{1}',
  ])('are not seen in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('other ways to write the same', () => {
  it.each([
    ['alice%40example.com', 'alice%40example.com'],
    ['to alice&#64;example.com now', 'alice&#64;example.com'],
    ['alice&commat;example&period;com', 'alice&commat;example&period;com'],
    ['alice [at] example [dot] com', 'alice [at] example [dot] com'],
    ['alice(at)example.com', 'alice(at)example.com'],
    ['al\u200bice@exam\u00adple.com', 'al\u200bice@exam\u00adple.com'],
    ['ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ'],
    ['аlice@exаmple.com', 'аlice@exаmple.com'], // Cyrillic а
    ['{\\"to\\":\\"alice\\u0040example.com\\"}', 'alice\\u0040example.com'],
    ['😀 𝐚𝐥𝐢𝐜𝐞@example.com', '𝐚𝐥𝐢𝐜𝐞@example.com'],
  ])('finds the address in %s, exactly where it is', (text, expected) => {
    expect(found(text)).toEqual([`email: ${expected}`]);
  });

  it('finds numbers with other digits, spaces and hyphens', () => {
    expect(found('card 4111\u00a01111\u202f1111 1111')).toEqual([
      'card: 4111\u00a01111\u202f1111 1111',
    ]);
    expect(found('4111–1111–1111–1111')).toEqual(['card: 4111–1111–1111–1111']);
    expect(found('٤١١١١١١١١١١١١١١١')).toEqual(['card: ٤١١١١١١١١١١١١١١١']);
  });
});

describe('payment cards', () => {
  it.each([
    ['card 4111111111111111 please', '4111111111111111'],
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['5555-5555-5555-4444', '5555-5555-5555-4444'],
    ['amex 3782 822463 10005.', '3782 822463 10005'],
    ['6011111111111117', '6011111111111117'],
    ['order 1234 4111 1111 1111 1111 12', '4111 1111 1111 1111'],
    ['{"n":"3530111333300000"}', '3530111333300000'],
    ['4000 0000 0000 0002 12/27 123', '4000 0000 0000 0002'],
    ['printed with a wrong digit: 4111-1111-1111-1112', '4111-1111-1111-1112'],
    ['card number: 4111111111111112', '4111111111111112'],
  ])('are found in %s', (text, expected) => {
    expect(found(text)).toEqual([`card: ${expected}`]);
  });

  it.each([
    ['a wrong check digit', '4111111111111112'],
    ['no brand', '1234567812345670'],
    ['a timestamp', '1700000000000'],
    ['a timestamp in nanoseconds', '1700000000000000000'],
    ['a decimal number', '0.4111111111111111'],
    ['a part of a word', 'id4111111111111111'],
    ['a longer number', '41111111111111110000'],
    ['a UUID', '41111111-1111-1111-8111-111111111111'],
    ['all zeros', '0000000000000000'],
    ['a licence key', '4111-1111-1111-1112-9999'],
    ['an order', 'order no. 4111-1111-1111-1112'],
    ['a trace', 'trace_id=4111111111111111'],
  ])('are not seen in %s', (_name, text) => {
    expect(found(text)).toEqual([]);
  });

  it('checks the digits as ISO 7812 says', () => {
    expect(passesLuhn('79927398713')).toBe(true);
    expect(passesLuhn('79927398710')).toBe(false);
  });
});

describe('bank accounts (IBAN)', () => {
  it.each([
    'DE89370400440532013000',
    'GB29 NWBK 6016 1331 9268 19',
    'FR14 2004 1010 0505 0001 3M02 606',
    'NL91ABNA0417164300',
    'MT84MALT011000012345MTLCAST001S',
    'NO9386011117947',
    'de89 3704 0044 0532 0130 00',
    'DE88370400440532013000', // a wrong check digit, the right structure
  ])('%s is found', (iban) => {
    expect(found(`pay to ${iban}, thanks`)).toEqual([`iban: ${iban}`]);
  });

  it.each([
    'SKU GB29NWBK60161331926',
    'MU43BOMM0101101030300200000MUX', // a wrong check where only the check tells
    'DE8937040044053201300012345678',
    'xDE89370400440532013000',
    'version DE12',
  ])('%s is not', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('is also found with a typing error where it is called one', () => {
    expect(found('IBAN destination: GB24ABCD60062524.')).toEqual(['iban: GB24ABCD60062524']);
  });
});

describe('social security numbers', () => {
  it.each([
    ['SSN: 123-45-6789', '123-45-6789'],
    ['Ann|547-97-7747|2002-04-24', '547-97-7747'],
    ['ssn=621-81-7821&name=x', '621-81-7821'],
    ['my social security number is 123 45 6789', '123 45 6789'],
    ['social security number: 123456789', '123456789'],
    ['SSN 957-93-8157', '957-93-8157'],
    ['taxpayer 912-70-1234', '912-70-1234'], // an ITIN
  ])('are found in %s', (text, expected) => {
    expect(found(text)).toEqual([`ssn: ${expected}`]);
  });

  it.each([
    '000-12-3456',
    '666-12-3456',
    '123-00-3456',
    '123-45-0000',
    '957-93-8157',
    '123-45-67890',
    'A123-45-6789',
    '2024-123-45-6789',
    'part no. 123-45-6789',
    '123456789',
    '123 45 6789',
  ])('are not seen in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('phone numbers', () => {
  it.each([
    ['call +1 (952) 664-1376 now', '+1 (952) 664-1376'],
    ['+44 20 7946 0958.', '+44 20 7946 0958'],
    ['+49 (0)30 123456', '+49 (0)30 123456'],
    ['+33 1 23 45 67 89', '+33 1 23 45 67 89'],
    ['+14155552671', '+14155552671'],
    ['(415) 555-2671', '(415) 555-2671'],
    ['415-555-2671', '415-555-2671'],
    ['1-415-555-2671', '1-415-555-2671'],
    ['415.555.2671', '415.555.2671'],
    ['phone: 4155552671', '4155552671'],
    ['Tel. 030 12345678', '030 12345678'],
    ['{"phone": "020 7946 0958"}', '020 7946 0958'],
    ['WhatsApp 0171 1234567', '0171 1234567'],
    ['电话：13800138000', '13800138000'],
  ])('are found in %s', (text, expected) => {
    expect(found(text)).toEqual([`phone: ${expected}`]);
  });

  it.each([
    '2024-01-15 10:30',
    '20240115103000',
    '123-456-7890', // no area starts with 1
    '4155552671',
    'order 415-555-2671',
    'ISBN 978-3-16-148410-0',
    'a diff of +12345678 lines',
    '+999 123 456 789',
    'UTC+02:00',
    'x=+1e10',
    '1.2.3-4567',
    '10.1000/182-555-1234',
    'lat 40.712800, long -74.006000',
    '3.141592653589793',
    'SSN-415-555-2671-x',
  ])('are not seen in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('IP addresses', () => {
  it.each([
    ['from 192.168.1.1:8080', '192.168.1.1'],
    ['"81.77.10.99"', '81.77.10.99'],
    ['host 10.2.3.4', '10.2.3.4'],
    ["'root'@'46.234.253.115'", '46.234.253.115'],
    ['http://203.0.113.7/x', '203.0.113.7'],
    ['203.0.113.0/24', '203.0.113.0'],
    ['2001:db8:85a3::8a2e:370:7334', '2001:db8:85a3::8a2e:370:7334'],
    ['[fe80::1]:443', 'fe80::1'],
    ['2001:0db8:0000:0000:0000:ff00:0042:8329', '2001:0db8:0000:0000:0000:ff00:0042:8329'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ])('are found in %s', (text, expected) => {
    expect(found(text)).toEqual([`ip: ${expected}`]);
  });

  it.each([
    'version 10.2.1.40',
    'v1.2.3.4',
    'Chrome/120.0.60.109',
    'Chrome/120.0.6099.109',
    '1.2.3.4',
    '1.2.3.4-beta',
    '300.1.2.3',
    '1.3.6.1.4.1',
    '192.168.01.1',
    '0.0.0.0',
    '127.0.0.1',
    '255.255.255.0',
    'section 4.12.3.22',
    '12:34:56',
    'std::vector',
    'a::b',
    '::1',
    '00:1A:2B:3C:4D:5E',
    'sha1 AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89',
  ])('are not seen in %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('ordinary text', () => {
  it.each([
    'order 10023-4471 shipped on 2024-05-01 at 12:30, tracking 1Z999AA10123456784',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8, see 550e8400-e29b-41d4-a716-446655440000',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'node v24.21.0, npm 11.4.2, typescript@6.0.3, @angular/core@22.2.6',
    'max_tokens: 4096, temperature: 0.7, token_count=12345678, next_page_token: "abcdefgh12345678"',
    'function f(token: string, password: string): Promise<void> { return login(password); }',
    'const password = process.env.DB_PASSWORD; const token = await getToken(user);',
    'password: <your password>, api_key: YOUR_API_KEY, secret: ${SECRET}, token: xxxxxxxxxxxxxxxx',
    'The password is required. Choose a secret that nobody knows. A token is a word.',
    'Bearer of bad news; basic training',
    'tool_call_id: call_abc123def456ghi789, toolu_01A09q90qw90lq917835lq9',
    'It cost $1,234,567.89 in 2023 and 987 654 321 units were made.',
    'ISBN 978-0-306-40615-7, EAN 4006381333931, DOI 10.1038/s41586-020-2649-2',
    'iPhone 15, +5 V, 192 kHz, 1920x1080, 4:3, 0x7fff5fbff8c0',
  ])('has nothing in it: %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('ids of countries', () => {
  const nationalIds = (text: string): string[] => found(text, new Set(['nationalId']));

  it.each([
    ['Steuer-ID 86095742719', '86095742719'],
    ['NIR 2 55 08 14 168 025 38', '2 55 08 14 168 025 38'],
    ['DNI 12345678Z', '12345678Z'],
    ['NIE X1234567L', 'X1234567L'],
    ['RSSMRA85T10A562S', 'RSSMRA85T10A562S'],
    ['BSN 111222333', '111222333'],
    ['PESEL 44051401359', '44051401359'],
    ['529.982.247-25', '529.982.247-25'],
    ['CNPJ 11.222.333/0001-81', '11.222.333/0001-81'],
    ['Aadhaar 2341 2341 2346', '2341 2341 2346'],
    ['NHS 943 476 5919', '943 476 5919'],
    ['NINO AB 12 34 56 C', 'AB 12 34 56 C'],
    ['SIN 130 692 544', '130 692 544'],
    ['TFN 123 456 782', '123 456 782'],
    ['811218-9876', '811218-9876'],
    ['131052-308T', '131052-308T'],
    ['756.9217.0769.85', '756.9217.0769.85'],
    ['11010519491231002X', '11010519491231002X'],
    ['S1234567D', 'S1234567D'],
  ])('are found in %s', (text, expected) => {
    expect(nationalIds(text)).toEqual([`nationalId: ${expected}`]);
  });

  it.each([
    'IdNr 86095742718',
    'DNI 12345678A',
    'RSSMRA85T10A562T',
    'BSN 111222334',
    '529.982.247-26',
    'Aadhaar 2341 2341 2347',
    'SIN 130 692 545',
    '811218-9875',
    '756.9217.0769.84',
    'S1234567A',
    '86095742719',
    '111222333',
  ])('are not seen in %s', (text) => {
    expect(nationalIds(text)).toEqual([]);
  });
});

describe('what is found only where it is wanted', () => {
  it.each([
    ['MRN: MRN-1015952', 'medicalId: MRN-1015952'],
    ['passport no. AB1234567', 'documentId: AB1234567'],
    ['Account #10194155', 'bankAccount: 10194155'],
    ['DOB: 1952-05-21', 'birthDate: 1952-05-21'],
    ['born on March 5, 1990', 'birthDate: March 5, 1990'],
    ['MAC 00:1A:2B:3C:4D:5E', 'mac: 00:1A:2B:3C:4D:5E'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'wallet: 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
    [
      'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
      'wallet: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    ],
  ])('%s', (text, expected) => {
    expect(found(text, all)).toEqual([expected]);
    expect(found(text)).toEqual([]);
  });

  it.each([
    'admitted on 2024-01-02',
    'policy decisions 2024',
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb',
    '00:00:00:00:00:00',
  ])('is not seen in %s', (text) => {
    expect(found(text, all)).toEqual([]);
  });
});
