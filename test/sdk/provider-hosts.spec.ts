import fc from 'fast-check';

import {
  cloudHosts,
  isKnownProviderHost,
  KNOWN_HOSTS,
} from '../../sdk/src/providers/known-hosts.js';
import { guardWebSockets } from '../../sdk/src/fetch/web-socket-guard.js';
import { EndpointNotMeteredError, SecretHostError } from '../../sdk/src/errors/catalogue.js';
import { Placeholders } from '../../sdk/src/secrets/placeholders.js';
import { CLOUD_HOSTS, isProviderHost, PROVIDERS } from '../../src/vault/domain/providers.js';

describe('hosts of providers', () => {
  it('are the same on the server and in the SDK', () => {
    expect([...KNOWN_HOSTS].sort()).toEqual(PROVIDERS.flatMap(({ hosts }) => hosts).sort());
  });

  it.each([
    ['https://api.openai.com/v1', true],
    ['https://acme.openai.azure.com/openai/v1', true],
    ['https://acme.services.ai.azure.com/models', true],
    ['https://europe-west4-aiplatform.googleapis.com/v1', true],
    ['https://aiplatform.googleapis.com/v1', true],
    ['https://bedrock-runtime.eu-central-1.amazonaws.com/model', true],
    ['https://us.api.openai.com/v1', true],
    ['https://myapi.openai.com/v1', false],
    ['https://storage.googleapis.com/bucket', false],
    ['https://api.openai.com.evil.example/v1', false],
    ['https://openai.azure.com.evil.example/', false],
    ['https://s3.eu-central-1.amazonaws.com/', false],
  ])('%s: %s', (url, isKnown) => {
    expect(isKnownProviderHost(new URL(url))).toBe(isKnown);
    expect(isProviderHost(new URL(url).hostname)).toBe(isKnown);
  });

  it('are told apart alike on both sides: the pattern of the clouds is one', () => {
    expect(cloudHosts.source).toBe(CLOUD_HOSTS.source);
    expect(cloudHosts.flags).toBe(CLOUD_HOSTS.flags);
  });

  it('are told apart alike on both sides, whatever is put before, between and behind', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
    const known = fc.constantFrom(...KNOWN_HOSTS);
    const cloud = fc.constantFrom(
      'openai.azure.com',
      'services.ai.azure.com',
      'cognitiveservices.azure.com',
      'aiplatform.googleapis.com',
      'bedrock-runtime.eu-central-1.amazonaws.com',
      'bedrock-mantle.us-east-1.api.aws',
      'bedrock-runtime-fips.us-east-1.amazonaws.com',
    );
    const joint = fc.constantFrom('.', '-', '');
    const near = fc
      .tuple(label, joint, fc.oneof(known, cloud), joint, fc.option(label, { nil: '' }))
      .map(([before, first, host, second, behind]) => before + first + host + second + behind);
    const host = fc
      .oneof(known, cloud, near, fc.domain())
      .map((text) => text.replace(/[.-]+$/, ''))
      .filter((text) => URL.canParse(`https://${text}`));
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    fc.assert(
      fc.property(host, port, fc.boolean(), (name, number, isUpper) => {
        const written = isUpper ? name.toUpperCase() : name;
        const entry = number === undefined ? written : `${written}:${String(number)}`;
        expect(isProviderHost(entry)).toBe(isKnownProviderHost(new URL(`https://${entry}/v1`)));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('web sockets', () => {
  const original = globalThis.WebSocket;
  let restore: () => void;
  beforeEach(() => {
    restore = guardWebSockets((url) => isKnownProviderHost(url) && url.protocol === 'https:');
  });
  afterEach(() => {
    restore();
    expect(globalThis.WebSocket).toBe(original);
  });

  it('are not opened to a provider', () => {
    const open = (): WebSocket => new WebSocket('wss://api.openai.com/v1/realtime?model=gpt-4o');
    expect(open).toThrow(EndpointNotMeteredError);
    expect(open).toThrow('A WebSocket to api.openai.com (realtime) cannot be metered');
  });

  it('carry no placeholder, neither in the address nor as a protocol', () => {
    const key = new Placeholders().of('OPENAI_API_KEY');
    expect(() => new WebSocket(`wss://127.0.0.1:9/?key=${key}`)).toThrow(SecretHostError);
    const protocols = ['realtime', `openai-insecure-api-key.${key}`];
    expect(() => new WebSocket('wss://127.0.0.1:9/', protocols)).toThrow(SecretHostError);
  });

  it('are opened to everybody else, and stay what they are', () => {
    const socket = new WebSocket('ws://127.0.0.1:9/');
    expect(socket).toBeInstanceOf(original);
    expect(socket).toBeInstanceOf(WebSocket);
    socket.addEventListener('error', () => undefined);
    socket.close();
  });
});
