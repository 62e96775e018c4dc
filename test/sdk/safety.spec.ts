import { PiiBlockedError } from '../../sdk/src/errors/catalogue.js';
import { compilePatterns } from '../../sdk/src/safety/own-patterns.js';
import type { PiiPolicy } from '../../sdk/src/safety/policy.js';
import { SafetyFilter } from '../../sdk/src/safety/safety-filter.js';
import { SafetyPolicy } from '../../sdk/src/safety/safety-policy.js';
import { chatRequest, startRig } from './rig.js';

/** Applies a policy to the only message of a request. @returns the message as it leaves */
function redacted(content: unknown, policy: PiiPolicy): unknown {
  const body = { messages: [{ role: 'user', content }] };
  new SafetyFilter(policy).apply(body);
  return body.messages[0]?.content;
}

const redactAll: PiiPolicy = {
  email: 'redact',
  card: 'redact',
  iban: 'redact',
  ssn: 'redact',
  phone: 'redact',
  ip: 'redact',
  secret: 'redact',
};

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
    expect(message).toContain('an e-mail address and a payment card number (messages[0].content)');
    expect(message).not.toMatch(/alice|bob|4111/i);
  });

  it('redacts with tokens that stay the same', () => {
    const filter = new SafetyFilter({ email: 'redact', card: 'redact' });
    const [first, second] = [prompt(), prompt()];
    expect(filter.apply(first)?.report).toMatchObject({
      action: 'redact',
      types: { email: 3, card: 1 },
      positions: [
        { type: 'email', path: 'messages[0].content', start: 5, end: 22 },
        { type: 'email', path: 'messages[0].content', start: 26, end: 41 },
        { type: 'card', path: 'messages[0].content', start: 43, end: 62 },
        { type: 'email', path: 'messages[1].content[0].text', start: 6, end: 23 },
      ],
    });
    filter.apply(second);
    expect(first.messages[0]?.content).toBe('Mail [EMAIL_1] or [EMAIL_2], [CARD_1]');
    expect(first.messages[1]?.content).toEqual([{ type: 'text', text: 'again [EMAIL_1]' }]);
    expect(second).toEqual(first);
  });

  it('is kept per type', () => {
    const body = prompt();
    const filter = new SafetyFilter({ email: 'warn', card: 'redact' });
    expect(filter.apply(body)?.report.action).toBe('redact');
    expect(body.messages[0]?.content).toBe('Mail Alice@example.com or bob@example.com, [CARD_1]');
    expect(new SafetyFilter({ email: 'off', card: 'off' }).apply(prompt())).toBeUndefined();
    const leftAlone = prompt();
    new SafetyFilter({ email: 'warn', card: 'off' }).apply(leftAlone);
    expect(leftAlone).toEqual(prompt());
  });

  it('has a default for what the server does not name', () => {
    expect(redacted('call +1 415-555-2671 from 203.0.113.7', {})).toBe(
      'call [PHONE_1] from [IP_1]',
    );
    for (const text of ['a@example.com', 'SSN 123-45-6789', 'DE89370400440532013000']) {
      expect(() => redacted(text, {})).toThrow(PiiBlockedError);
    }
    expect(redacted('DOB: 1952-05-21', {})).toBe('DOB: 1952-05-21');
    expect(redacted('DOB: 1952-05-21', { birthDate: 'redact' })).toBe('DOB: [BIRTH_DATE_1]');
  });

  it('lets nothing out by an action that it does not know', () => {
    const policy = { email: 'quarantine' } as unknown as PiiPolicy;
    expect(() => redacted('a@example.com', policy)).toThrow(PiiBlockedError);
  });

  it('reaches the arguments of tools, as objects and as JSON, and keeps them valid', () => {
    const body = {
      messages: [
        {
          tool_calls: [
            {
              function: {
                name: 'send',
                arguments: '{"to":"a@example.com","phone": 4155552671,"note":"x\\ny@example.com"}',
              },
            },
          ],
        },
        { content: [{ type: 'tool_use', input: { password: 'hunter22', 'b@example.com': 1 } }] },
      ],
    };
    new SafetyFilter(redactAll).apply(body);
    const text = JSON.stringify(body);
    expect(text).not.toMatch(/example\.com|4155552671|hunter22/);
    const args = body.messages[0]?.tool_calls?.[0]?.function.arguments ?? '';
    expect(JSON.parse(args)).toEqual({
      to: '[EMAIL_1]',
      phone: '[PHONE_1]',
      note: 'x\n[EMAIL_2]',
    });
    expect(body.messages[1]?.content?.[0]?.input).toEqual({
      password: '[SECRET_1]',
      '[EMAIL_3]': 1,
    });
  });

  it('leaves images and what only the provider can read alone', () => {
    const data = Buffer.from('4111111111111111 a@example.com '.repeat(20)).toString('base64');
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } };
    const url = { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } };
    const thinking = { type: 'thinking', signature: 'sk_live_abcdefghijkl123456' };
    const before = JSON.stringify([image, url, thinking]);
    expect(JSON.stringify(redacted([image, url, thinking], redactAll))).toBe(before);
  });

  it('refuses what is nested too deeply to be looked at', () => {
    let deep: unknown = 'a@example.com';
    for (let depth = 0; depth < 100; depth += 1) deep = [deep];
    expect(() => redacted(deep, redactAll)).toThrow('nested too deeply');
  });

  it('does not give out a token that somebody wrote', () => {
    expect(redacted('keep [EMAIL_1], replace a@example.com', redactAll)).toBe(
      'keep [EMAIL_1], replace [EMAIL_2]',
    );
  });

  it('finds the same in a text that it has seen before', () => {
    const filter = new SafetyFilter(redactAll);
    const clean = `nothing in here ${'at all '.repeat(20)}`;
    for (let times = 0; times < 3; times += 1) {
      expect(filter.apply({ clean })).toBeUndefined();
      const body = { text: `${clean} a@example.com` };
      expect(filter.apply(body)?.report.types).toEqual({ email: 1 });
    }
  });

  it('follows changes, with the same tokens', async () => {
    const policy = new SafetyPolicy(() => undefined);
    const apply = (): unknown => {
      const body = { text: 'to a@example.com' };
      policy.filter.apply(body);
      return body.text;
    };
    expect(apply).toThrow(PiiBlockedError);
    await policy.follow({ email: 'redact' });
    expect(apply()).toBe('to [EMAIL_1]');
    await policy.follow({ email: 'off' });
    expect(apply()).toBe('to a@example.com');
    await policy.follow({ email: 'redact', phone: 'off' });
    expect(apply()).toBe('to [EMAIL_1]');
  });

  it("finds a project's own patterns, and says which one cannot be used", async () => {
    const bad: string[] = [];
    const patterns = [
      { name: 'EMPLOYEE_ID', pattern: 'EMP-\\d{5}', action: 'redact' as const },
      { name: 'LOOK_AHEAD', pattern: 'a(?=b)', action: 'redact' as const },
    ];
    const compiled = await compilePatterns(patterns, (name) => bad.push(name));
    expect(bad).toEqual(['LOOK_AHEAD']);
    const body = { text: 'EMP-12345 and EMP-67890, again EMP-12345' };
    new SafetyFilter({ patterns }, compiled).apply(body);
    expect(body.text).toBe('[EMPLOYEE_ID_1] and [EMPLOYEE_ID_2], again [EMPLOYEE_ID_1]');
  });

  it('holds on the way to the provider', async () => {
    const messages = [{ role: 'user', content: 'I am alice@example.com' }];
    const blocking = await startRig();
    const told: unknown[] = [];
    blocking.cage.on('pii', (event) => told.push(event));
    const url = (rig: typeof blocking): string => `${rig.provider.url}/v1/chat/completions`;
    const refused = blocking.cage.fetch(url(blocking), chatRequest({ messages }));
    await expect(refused).rejects.toBeInstanceOf(PiiBlockedError);
    expect(blocking.provider.requests).toBe(0);
    expect(told).toMatchObject([{ action: 'block', types: { email: 1 }, model: 'gpt-4o-mini' }]);
    expect(JSON.stringify(told)).not.toContain('alice');
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

  it('changes while the agent runs, without a new session', async () => {
    const rig = await startRig();
    const url = `${rig.provider.url}/v1/chat/completions`;
    const messages = [{ role: 'user', content: 'EMP-12345 is alice@example.com' }];
    const ask = (): Promise<Response> => rig.cage.fetch(url, chatRequest({ messages }));
    await expect(ask()).rejects.toBeInstanceOf(PiiBlockedError);
    const patterns = [{ name: 'EMPLOYEE_ID', pattern: 'EMP-[0-9]{5}', action: 'redact' }];
    rig.server.follow({ email: 'redact', patterns });
    let answer: Response | undefined;
    while (answer === undefined) {
      answer = await ask().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(rig.provider.bill().records[0]?.body['messages']).toEqual([
      { role: 'user', content: '[EMPLOYEE_ID_1] is [EMAIL_1]' },
    ]);
    expect(rig.server.sessions).toHaveLength(1);
    await rig.close();
  });
});
