import { PiiBlockedError } from '../../sdk/src/errors/catalogue.js';
import { findCards, passesLuhn } from '../../sdk/src/safety/card-scanner.js';
import { findEmails } from '../../sdk/src/safety/email-scanner.js';
import { SafetyFilter } from '../../sdk/src/safety/safety-filter.js';
import { chatRequest, startRig } from './rig.js';

const found = (text: string, finder: typeof findEmails): string[] =>
  finder(text).map(({ start, end }) => text.slice(start, end));

describe('e-mail addresses', () => {
  it.each([
    ['write to alice@example.com.', ['alice@example.com']],
    ['<a.b+tag@mail.example.co.uk>, x_y@z.io', ['a.b+tag@mail.example.co.uk', 'x_y@z.io']],
    ['"o\'brien@example.org"', ["o'brien@example.org"]],
    ['{"to":"bob@example.com"}', ['bob@example.com']],
    ['jürgen@example.de', ['jürgen@example.de']],
    ['mailto:eve@example.com?subject=x', ['eve@example.com']],
    ['https://example.com/u?id=1&email=eve@example.com', ['eve@example.com']],
  ])('are found in %s', (text, expected) => {
    expect(found(text, findEmails)).toEqual(expected);
  });

  it.each(['@decorator', 'a@b', 'user@localhost', 'x @ y.com', '@scope/package@1.2.3', 'a.@b.com'])(
    'are not seen in %s',
    (text) => {
      expect(findEmails(text)).toEqual([]);
    },
  );
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
  ])('are found in %s', (text, expected) => {
    expect(found(text, findCards)).toEqual([expected]);
  });

  it.each([
    ['a wrong check digit', '4111111111111112'],
    ['no brand', '1234567812345670'],
    ['a timestamp', '1700000000000'],
    ['a decimal number', '0.4111111111111111'],
    ['a part of a word', 'id4111111111111111'],
    ['a longer number', '41111111111111110000'],
    ['a UUID', '41111111-1111-1111-8111-111111111111'],
    ['all zeros', '0000000000000000'],
  ])('are not seen in %s', (_name, text) => {
    expect(findCards(text)).toEqual([]);
  });

  it('checks the digits as ISO 7812 says', () => {
    expect(passesLuhn('79927398713')).toBe(true);
    expect(passesLuhn('79927398710')).toBe(false);
  });
});

describe('the scanners do linear work', () => {
  it.each([
    ['@', '@'],
    ['a@', 'a@'],
    ['a.', 'a.'],
    ['4 ', '4 '],
    ['4111 ', '4111 '],
    ['4', '4'],
  ])('on a run of %j', (_name, unit) => {
    // Work is counted in characters that are looked at, not in time.
    const looks = (length: number): number => {
      let count = 0;
      const text = unit.repeat(length / unit.length);
      const spied = new Proxy(Object(text) as object, {
        get(_target, key) {
          if (key === 'charCodeAt') {
            return (index: number) => {
              count += 1;
              return text.charCodeAt(index);
            };
          }
          if (key === 'slice') {
            return (start: number, end: number) => {
              const part = text.slice(start, end);
              count += part.length;
              return part;
            };
          }
          if (key === Symbol.toPrimitive || key === 'toString') return () => text;
          const value: unknown = Reflect.get(Object(text) as object, key);
          return typeof value === 'function' ? (value as () => void).bind(text) : value;
        },
      }) as unknown as string;
      findEmails(spied);
      findCards(spied);
      return count;
    };
    const [small, large] = [looks(3_000), looks(30_000)];
    expect(large).toBeLessThan(small * 12 + 1_000);
  });
});

describe('the policy', () => {
  const prompt = () => ({
    messages: [
      { role: 'user', content: 'Mail Alice@example.com or bob@example.com, 4111 1111 1111 1111' },
      { role: 'user', content: [{ type: 'text', text: 'again alice@example.com' }] },
    ],
  });

  it('blocks without repeating what was found', () => {
    const filter = new SafetyFilter({});
    let message = '';
    try {
      filter.apply(prompt());
    } catch (error) {
      expect(error).toBeInstanceOf(PiiBlockedError);
      message = JSON.stringify(error) + String(error);
    }
    expect(message).toContain('an e-mail address and a payment card number');
    expect(message).not.toMatch(/alice|bob|4111/i);
  });

  it('redacts with tokens that stay the same', () => {
    const filter = new SafetyFilter({ email: 'redact', card: 'redact' });
    const [first, second] = [prompt(), prompt()];
    expect(filter.apply(first)).toEqual({ action: 'redact', types: { email: 3, card: 1 } });
    filter.apply(second);
    expect(first.messages[0]?.content).toBe('Mail [EMAIL_1] or [EMAIL_2], [CARD_1]');
    expect(first.messages[1]?.content).toEqual([{ type: 'text', text: 'again [EMAIL_1]' }]);
    expect(second).toEqual(first);
  });

  it('is kept per type', () => {
    const body = prompt();
    const filter = new SafetyFilter({ email: 'warn', card: 'redact' });
    expect(filter.apply(body)?.action).toBe('redact');
    expect(body.messages[0]?.content).toBe('Mail Alice@example.com or bob@example.com, [CARD_1]');
    expect(new SafetyFilter({ email: 'off', card: 'off' }).apply(prompt())).toBeUndefined();
    const leftAlone = prompt();
    new SafetyFilter({ email: 'warn', card: 'off' }).apply(leftAlone);
    expect(leftAlone).toEqual(prompt());
  });

  it('holds on the way to the provider', async () => {
    const messages = [{ role: 'user', content: 'I am alice@example.com' }];
    const blocking = await startRig();
    const url = (rig: typeof blocking): string => `${rig.provider.url}/v1/chat/completions`;
    const refused = blocking.cage.fetch(url(blocking), chatRequest({ messages }));
    await expect(refused).rejects.toBeInstanceOf(PiiBlockedError);
    expect(blocking.provider.requests).toBe(0);
    await blocking.close();

    const redacting = await startRig({ pii: { email: 'redact', card: 'off' } });
    const events: unknown[] = [];
    redacting.cage.on('pii', (event) => events.push(event));
    await redacting.cage.fetch(url(redacting), chatRequest({ messages }));
    expect(redacting.provider.bill().records[0]?.body['messages']).toEqual([
      { role: 'user', content: 'I am [EMAIL_1]' },
    ]);
    expect(events).toMatchObject([{ action: 'redact', types: { email: 1 } }]);
    await redacting.close();
  });
});
