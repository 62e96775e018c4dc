import { inspect } from 'node:util';

import { jest } from '@jest/globals';

import {
  ConfigurationError,
  EndpointNotMeteredError,
  RequestNotBoundedError,
  SecretHostError,
  ServerError,
  UnknownModelError,
} from '../../sdk/src/errors/catalogue.js';
import { findIronCageError, IronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import { resolveOptions } from '../../sdk/src/core/options.js';
import { blockedResponse } from '../../sdk/src/fetch/blocked-response.js';
import { checksumOf, parseIronCageKey } from '../../sdk/src/identity/iron-cage-key.js';
import { uuidV7 } from '../../sdk/src/identity/uuid.js';
import { displayUsd, formatUsd, parseUsd } from '../../sdk/src/money/money.js';
import { DeliveryRequest } from '../../sdk/src/secrets/delivery.js';
import { SealedValue } from '../../sdk/src/secrets/sealed-value.js';
import { SecretStore } from '../../sdk/src/secrets/secret-store.js';
import { UnreachableError } from '../../sdk/src/wire/unreachable.js';
import { startCountingProvider } from '../harness/counting-provider.js';
import type { FakeSecret } from './fake-server.js';
import { chatRequest, makeKey, models, REAL_OPENAI_KEY, startRig, until, type Rig } from './rig.js';

describe('the Iron Cage key', () => {
  it('is checked offline by its checksum', () => {
    // Computed independently: zlib.crc32 of the text, in base 62.
    const key = 'ic_dev_0A1b2C3d_abcdefghijklmnopqrstuvwxyzABCDEF0h0GEn';
    const body = key.slice(0, -6);
    expect(checksumOf(body)).toBe('0h0GEn');
    expect(parseIronCageKey(key)).toEqual({ environment: 'dev', id: '0A1b2C3d' });
  });

  it.each([
    [
      'one letter changed',
      (key: string) => key.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x')),
    ],
    ['cut', (key: string) => key.slice(0, -1)],
    ['another prefix', (key: string) => key.replace('ic_', 'sk_')],
  ])('is refused when it is mistyped: %s', (_name, spoil) => {
    const key = spoil(makeKey());
    expect(() => parseIronCageKey(key)).toThrow(ConfigurationError);
    expect(() => parseIronCageKey(key)).not.toThrow(key);
  });

  it('missing or over an open line gives a clear error', () => {
    expect(() => resolveOptions({}, {})).toThrow(/IRON_CAGE_KEY.*IRON_CAGE_URL/);
    const key = makeKey('live');
    expect(() => resolveOptions({ key, url: 'http://cage.example.com' }, {})).toThrow(/https/);
    expect(() => resolveOptions({ key, url: 'ftp://x' }, {})).toThrow(ConfigurationError);
    expect(resolveOptions({ key, url: 'http://127.0.0.1:3000' }, {}).url.href).toBe(
      'http://127.0.0.1:3000/',
    );
    const { url } = resolveOptions({}, { IRON_CAGE_KEY: key, IRON_CAGE_URL: 'https://a.b/c' });
    expect(url.href).toBe('https://a.b/c/');
  });
});

describe('secrets in memory', () => {
  it('do not show in anything that prints objects', () => {
    const value = new SealedValue(Buffer.from('sk-very-secret'));
    const store = new SecretStore([
      {
        id: '1',
        name: 'n',
        provider: 'openai',
        version: 1,
        hosts: ['api.openai.com'],
        fields: { OPENAI_API_KEY: 'sk-very-secret' },
      },
    ]);
    for (const shown of [
      inspect({ value, store }, { depth: 9, showHidden: true }),
      String(value),
    ]) {
      expect(shown).not.toContain('very-secret');
    }
    expect(JSON.stringify({ value, store })).not.toContain('very-secret');
    expect(value.reveal()).toBe('sk-very-secret');
    store.wipe();
    value.wipe();
    expect(() => value.reveal()).toThrow(/wiped/);
    expect(() => store.field('OPENAI_API_KEY')?.value.reveal()).toThrow(/wiped/);
  });

  it('are bound to https, and to http only on a loopback host with a port', () => {
    const store = new SecretStore([
      {
        id: '1',
        name: 'n',
        provider: 'openai',
        version: 1,
        hosts: ['api.openai.com', '127.0.0.1:8080', 'example.com:8080'],
        fields: { OPENAI_API_KEY: 'sk-x' },
      },
    ]);
    const known = (url: string): boolean => store.providerAt(new URL(url)) !== undefined;
    expect(known('https://api.openai.com/v1')).toBe(true);
    expect(known('https://API.openai.com:443/v1')).toBe(true);
    expect(known('http://127.0.0.1:8080/v1')).toBe(true);
    expect(known('http://api.openai.com/v1')).toBe(false);
    expect(known('http://example.com:8080/v1')).toBe(false);
    expect(known('https://api.openai.com.evil.com/v1')).toBe(false);
    expect(known('https://api.openai.com:8443/v1')).toBe(false);
    expect(known('https://api.openai.com@evil.com/v1')).toBe(false);
  });

  it('that were altered on the way are refused', async () => {
    const request = await DeliveryRequest.create();
    const secrets = {
      enc: Buffer.alloc(32, 9).toString('base64url'),
      ciphertext: Buffer.alloc(48, 1).toString('base64url'),
      expiresAt: 1,
      ttlSeconds: 1,
    };
    await expect(request.open({ sessionId: 's', secrets })).rejects.toBeInstanceOf(ServerError);
  });
});

describe('sealed injection', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });
  const placeholder = (): string => rig.environment['OPENAI_API_KEY'] ?? '';
  const authorized = (body = {}): RequestInit => ({
    ...chatRequest(body),
    headers: { authorization: `Bearer ${placeholder()}`, 'content-type': 'application/json' },
  });

  it('puts only placeholders into the environment, and takes them back', async () => {
    expect(placeholder()).toMatch(/^sk-ironcage-/);
    expect(Object.values(rig.environment).join()).not.toContain('real');
    expect(inspect(rig.cage, { depth: 12, showHidden: true })).not.toContain(rig.key);
    await rig.cage.close();
    expect(rig.environment).toEqual({});
  });

  it('swaps the real key in for the host of the secret', async () => {
    await rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, authorized());
    expect(rig.provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
  });

  it('refuses to send a placeholder anywhere else, before anything leaves', async () => {
    const other = await startCountingProvider({ prices: {} });
    const elsewhere = [
      rig.cage.fetch(`${other.url}/v1/chat/completions`, authorized()),
      rig.cage.fetch(`${other.url}/?key=${placeholder()}`),
      rig.cage.fetch(`${other.url}/`, {
        method: 'POST',
        body: JSON.stringify({ k: placeholder() }),
      }),
      rig.cage.fetch(new Request(`${other.url}/`, { headers: { 'x-api-key': placeholder() } })),
    ];
    for (const call of elsewhere) await expect(call).rejects.toBeInstanceOf(SecretHostError);
    expect(other.requests).toBe(0);
    await rig.cage.fetch(`${other.url}/v1/models`);
    expect(other.requests).toBe(1);
    await other.close();
  });

  it('does not send the key of one provider to another, nor one of another process', async () => {
    const anthropicKey = rig.environment['ANTHROPIC_API_KEY'] ?? '';
    for (const key of [anthropicKey, `sk-ironcage-${'0'.repeat(40)}`]) {
      const call = rig.cage.fetch(`${rig.provider.url}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
      });
      await expect(call).rejects.toBeInstanceOf(SecretHostError);
    }
    expect(rig.provider.requests).toBe(0);
  });

  it('never follows a redirect with a real key', async () => {
    rig.provider.setScript(() => ({ text: 'x' }));
    let redirect: string | undefined;
    const spied = await startRig({
      surroundings: {
        send: (_input, init) => {
          redirect = init?.redirect;
          return Promise.resolve(new Response(null, { status: 307 }));
        },
      },
    });
    const response = await spied.cage.fetch(
      `${spied.provider.url}/v1/chat/completions`,
      chatRequest(),
    );
    expect(response.status).toBe(307);
    expect(redirect).toBe('manual');
    await spied.close();
    expect(spied.server.spentNano).toBe(0n);
  });

  it('refuses what it cannot meter', async () => {
    const to = (path: string, init: RequestInit): Promise<Response> =>
      rig.cage.fetch(`${rig.provider.url}${path}`, init);
    const refusals: [Promise<Response>, typeof IronCageError][] = [
      [to('/v1/audio/voices', chatRequest()), EndpointNotMeteredError],
      [to('/v1/uploads', chatRequest()), EndpointNotMeteredError],
      [to('/v1/chat%2fcompletions', chatRequest()), EndpointNotMeteredError],
      [to('/v1/chat/completions', { method: 'PUT', body: '{}' }), EndpointNotMeteredError],
      [to('/v1/chat/completions', chatRequest({ model: 'gpt-99' })), UnknownModelError],
      [to('/v1/chat/completions', { method: 'POST', body: 'not json' }), RequestNotBoundedError],
      [to('/v1/chat/completions', chatRequest({ web_search_options: {} })), RequestNotBoundedError],
      [
        to('/v1/chat/completions', chatRequest({ plugins: [{ id: 'web' }] })),
        RequestNotBoundedError,
      ],
      [to('/v1/chat/completions', chatRequest({ search_parameters: {} })), RequestNotBoundedError],
      [
        to('/v1/responses', chatRequest({ input: 'x', tools: [{ type: 'web_search' }] })),
        RequestNotBoundedError,
      ],
    ];
    for (const [call, type] of refusals) {
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(type);
    }
    expect(rig.provider.requests).toBe(0);
    expect((await to('/v1/models', { method: 'GET' })).status).toBe(200);
  });

  it('meters a provider that nobody knows in the language of OpenAI, and no other place of it', async () => {
    const spoken = await startRig({
      secrets: [
        { provider: 'house', hosts: [rig.provider.host], fields: { HOUSE_API_KEY: 'real' } },
      ],
      models: models().map((model) => ({ ...model, provider: 'house' })),
    });
    const to = (path: string): Promise<Response> =>
      spoken.cage.fetch(`${rig.provider.url}${path}`, chatRequest());
    expect((await to('/any/v1/chat/completions')).status).toBe(200);
    await expect(to('/v1/realtime/sessions')).rejects.toThrow(
      'POST /v1/realtime/sessions of house cannot be metered by this SDK (a conversation has no end ' +
        'that could be bounded), so it is refused. Metered are: chat completions, responses',
    );
    await spoken.close();
    expect(rig.provider.requests).toBe(1);
  });

  it('caps content of unknown size by the context window', async () => {
    await rig.cage.fetch(
      `${rig.provider.url}/v1/responses`,
      chatRequest({ input: 'x', previous_response_id: 'resp_1', max_output_tokens: 16 }),
    );
    expect(rig.provider.requests).toBe(1);
  });
});

describe('injection into the environment', () => {
  it('writes the real keys when that is asked for, and takes them back', async () => {
    const rig = await startRig({ cage: { inject: 'env' } });
    expect(rig.environment['OPENAI_API_KEY']).toBe(REAL_OPENAI_KEY);
    await rig.close();
    expect(rig.environment).toEqual({});
  });

  const openAi = (rig: Rig, fields: Record<string, string>): FakeSecret => ({
    provider: 'openai',
    hosts: [rig.provider.host],
    fields: { OPENAI_API_KEY: REAL_OPENAI_KEY, ...fields },
  });
  const noise = {
    PATH: '/evil',
    HOME: '/evil',
    SHELL: '/evil',
    Path: '/evil',
    NODE_OPTIONS: '--import=/evil.js',
    NODE_EXTRA_CA_CERTS: '/evil.pem',
    LD_PRELOAD: '/evil.so',
    DYLD_INSERT_LIBRARIES: '/evil.so',
    IRON_CAGE_URL: 'https://evil.example.com',
    HTTPS_PROXY: 'http://evil',
    no_proxy: '*',
    SSL_CERT_FILE: '/evil.pem',
    'PATH\0x': '/evil',
  };

  it.each(['sealed', 'env'] as const)(
    'never touches variables that steer the process: %s',
    async (inject) => {
      const first = await startRig();
      const told = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const rig = await startRig({ secrets: [openAi(first, noise)], cage: { inject } });
      const warnings = told.mock.calls.map(([text]) => String(text)).join('\n');
      told.mockRestore();
      expect(Object.keys(rig.environment)).toEqual(['OPENAI_API_KEY']);
      for (const name of Object.keys(noise)) expect(warnings).toContain(JSON.stringify(name));
      expect(warnings).not.toContain('evil');
      await rig.close();
      await first.close();
    },
  );

  it('leaves out a host that is none, says so once, and starts', async () => {
    const first = await startRig();
    const secret = openAi(first, {});
    const hosts = ['not a host', 'https://api.openai.com/v1', 'a@b', ...secret.hosts];
    const told = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const rig = await startRig({ secrets: [{ ...secret, hosts }], secretsTtlSeconds: 1.2 });
    await until('the second session', () => rig.server.sessions.length === 2);
    const warnings = told.mock.calls.map(([text]) => String(text));
    told.mockRestore();
    expect(warnings.filter((text) => text.includes('a host that is none'))).toHaveLength(3);
    await rig.cage.fetch(`${first.provider.url}/v1/chat/completions`, {
      ...chatRequest(),
      headers: { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` },
    });
    expect(first.provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
    await rig.close();
    await first.close();
  });

  it('fetches the secrets again before they expire', async () => {
    const rig = await startRig({ secretsTtlSeconds: 1.2 });
    await until('the second session', () => rig.server.sessions.length === 2);
    await rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, {
      ...chatRequest(),
      headers: { authorization: `Bearer ${rig.environment['OPENAI_API_KEY'] ?? ''}` },
    });
    expect(rig.provider.bill().records[0]?.apiKey).toBe(REAL_OPENAI_KEY);
    await rig.close();
    expect(rig.server.heldNano).toBe(0n);
    expect(rig.server.problems).toEqual([]);
  });
});

describe('a new session of the same process', () => {
  it('says which one it replaces, and is the end when somebody stopped that one meanwhile', async () => {
    const rig = await startRig({ secretsTtlSeconds: 1.2 });
    const wishes: unknown[] = [];
    rig.server.intercept = (route, body) => {
      if (route !== 'POST /v1/sdk/sessions') return undefined;
      wishes.push(body['replaces']);
      const error = { code: 'SESSION_KILLED', message: 'Stopped.', requestId: 'r' };
      return { status: 410, body: { error } };
    };
    await until('the renewal', () => wishes.length > 0);
    expect(wishes).toEqual([rig.server.sessions[0]]);
    let stopped: unknown;
    const call = () => rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, chatRequest());
    while (stopped === undefined) await call().catch((error: unknown) => (stopped = error));
    expect(stopped).toMatchObject({ code: 'SESSION_KILLED' });
    await rig.close();
    expect(wishes).toHaveLength(1);
  });
});

describe('errors', () => {
  it('are recognised through any number of wrappers', () => {
    const error = new UnknownModelError('x', { details: { model: 'm' }, requestId: 'r' });
    const wrapped = new Error('a', {
      cause: new AggregateError([new Error('b', { cause: error })]),
    });
    expect(wrapped instanceof UnknownModelError).toBe(true);
    expect(wrapped instanceof IronCageError).toBe(true);
    expect(wrapped instanceof SecretHostError).toBe(false);
    expect(findIronCageError(wrapped)).toBe(error);
    expect(findIronCageError(new Error('c'))).toBeUndefined();
    expect(Reflect.get(error, Symbol.for('langchain.errors.retryable'))).toBe(false);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      code: 'UNKNOWN_MODEL',
      requestId: 'r',
    });
    expect(new ServerError('x') instanceof UnreachableError).toBe(false);
    expect(new UnreachableError('x', true) instanceof ServerError).toBe(true);
    const loop = new Error('loop');
    loop.cause = loop;
    expect(loop instanceof IronCageError).toBe(false);
  });
});

describe('the answer that stops a Stainless client', () => {
  it('says three times that it must not be repeated', () => {
    const error = new UnknownModelError('no price', { status: 400 });
    const response = blockedResponse(error);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.status).toBe(400);
    expect(() => response.ok).toThrow(error);
  });
});

describe('money and ids', () => {
  it('is read and written exactly', () => {
    for (const text of ['0.000000000', '0.000000001', '12.500000000', '999999999999.999999999']) {
      expect(formatUsd(parseUsd(text))).toBe(text);
    }
    for (const text of ['-1', '1e3', ' 1', '1.', '.5', '01', '1.0000000001', 'NaN', '', '1,5']) {
      expect(() => parseUsd(text)).toThrow(RangeError);
    }
    expect(displayUsd(31_000_000n)).toBe('$0.031');
  });

  it('makes UUIDv7 that carry their time', () => {
    const id = uuidV7(0x0123456789ab);
    expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidV7(1)).not.toBe(uuidV7(1));
  });
});
