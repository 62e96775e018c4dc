import { SecretHostError, SecretUnavailableError } from '../../sdk/src/errors/catalogue.js';
import { findIronCageError } from '../../sdk/src/errors/iron-cage-error.js';
import { SecretStore } from '../../sdk/src/secrets/secret-store.js';
import type { WireSecret } from '../../sdk/src/wire/protocol.js';
import type { FakeSecret } from './fake-server.js';
import {
  anthropicUrl,
  chatRequest,
  CLAUDE,
  REAL_ANTHROPIC_KEY,
  REAL_OPENAI_KEY,
  type Rig,
  secretsFor,
  startRig,
  until,
} from './rig.js';

const broken = (code: string, variable: string): Pick<FakeSecret, 'fields' | 'unavailable'> => ({
  fields: {},
  unavailable: { code, message: `It is ${code}, store it anew.`, variables: [variable] },
});

describe('a secret that the server cannot hand out', () => {
  let rig: Rig;
  let told: string[];
  afterEach(() => rig.close());

  async function start(): Promise<void> {
    rig = await startRig();
    told = [];
    rig.cage.on('warning', ({ message: text }) => told.push(text));
  }
  const openAi = (): FakeSecret => only(0);
  const anthropic = (): FakeSecret => only(1);
  function only(index: number): FakeSecret {
    const secret = secretsFor(rig.provider)[index];
    if (secret === undefined) throw new Error('the rig has two secrets');
    return secret;
  }
  /** The running agent fetches these, and warns of what is missing. */
  async function deliver(secrets: readonly FakeSecret[]): Promise<void> {
    const code = secrets.find(({ unavailable }) => unavailable)?.unavailable?.code ?? '';
    rig.server.rotate(secrets);
    await until('the warning', () => told.some((text) => text.includes(code)));
  }
  const chat = () =>
    rig.cage.fetch(`${rig.provider.url}/v1/chat/completions`, withKey('OPENAI_API_KEY'));
  const message = () =>
    rig.cage.fetch(
      `${anthropicUrl(rig.provider)}/v1/messages`,
      withKey('ANTHROPIC_API_KEY', 'x-api-key'),
    );
  function withKey(variable: string, header = 'authorization'): RequestInit {
    const key = rig.environment[variable] ?? 'none';
    const request = chatRequest(header === 'x-api-key' ? { model: CLAUDE } : {});
    const value = header === 'authorization' ? `Bearer ${key}` : key;
    return { ...request, headers: { 'content-type': 'application/json', [header]: value } };
  }
  const refusal = async (call: Promise<unknown>) =>
    findIronCageError(
      await call.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );

  it('stops the calls that need it, with the reason, and no others', async () => {
    await start();
    await deliver([openAi(), { ...anthropic(), ...broken('SECRET_ALTERED', 'ANTHROPIC_API_KEY') }]);
    expect((await chat()).status).toBe(200);
    const before = rig.provider.requests;
    expect(rig.environment['ANTHROPIC_API_KEY']).toContain('ironcage-');
    const error = await refusal(message());
    expect(error).toBeInstanceOf(SecretUnavailableError);
    expect(error?.message).toContain('It is SECRET_ALTERED, store it anew.');
    expect(error?.details).toMatchObject({ reason: 'SECRET_ALTERED' });
    expect(rig.provider.requests).toBe(before);
    expect(rig.provider.bill().records.map(({ apiKey }) => apiKey)).toEqual([REAL_OPENAI_KEY]);
    rig.server.rotate([openAi(), anthropic()]);
    for (let round = 0; round < 100; round += 1) {
      if (!((await refusal(message())) instanceof SecretUnavailableError)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const keys = rig.provider.bill().records.map(({ apiKey }) => apiKey);
    expect(keys).toEqual([REAL_OPENAI_KEY, REAL_ANTHROPIC_KEY]);
  });

  it('is not replaced by another one of the same variable without anybody noticing', async () => {
    await start();
    await deliver([openAi(), { ...openAi(), ...broken('SECRET_UNREADABLE', 'OPENAI_API_KEY') }]);
    expect(await refusal(chat())).toBeInstanceOf(SecretUnavailableError);
    expect(rig.provider.requests).toBe(0);
  });

  it('goes on with what was delivered before while its source does not answer', async () => {
    const id = '01900000-0000-7000-8000-000000000001';
    await start();
    rig.server.rotate([{ ...openAi(), id }, anthropic()]);
    await until('the secret with its id', () => rig.server.sessions.length === 2);
    // While that session is on its way the next change is told already.
    await deliver([
      { ...openAi(), id, ...broken('SECRET_SOURCE_UNAVAILABLE', 'OPENAI_API_KEY') },
      anthropic(),
    ]);
    expect((await chat()).status).toBe(200);
    expect(rig.provider.bill().records.map(({ apiKey }) => apiKey)).toEqual([REAL_OPENAI_KEY]);
  });
});

describe('the store of secrets', () => {
  const wire = (change: Partial<WireSecret>): WireSecret => ({
    id: '1',
    name: 'n',
    provider: 'mine',
    version: 1,
    hosts: ['api.example.com'],
    fields: { A_KEY: 'a' },
    header: { name: 'x-key', value: '{secret}' },
    ...change,
  });
  const missing = (code: string): Partial<WireSecret> => ({
    fields: {},
    unavailable: { code, message: 'Why.', variables: ['A_KEY'] },
  });
  const here = new URL('https://api.example.com/x');

  it('sets no header of a secret that it has not, nor that of another in its place', () => {
    const store = new SecretStore([wire({ id: '2' }), wire(missing('SECRET_ALTERED'))]);
    expect(() => store.headersFor(here)).toThrow(SecretUnavailableError);
    expect(store.field('A_KEY')).toBeUndefined();
    expect(store.variables).toEqual(['A_KEY']);
    expect(store.isIncomplete).toBe(false);
    const other = new SecretStore([wire(missing('SECRET_ALTERED')), wire({ id: '2' })]);
    expect([...other.headersFor(here)]).toEqual([['x-key', 'a']]);
    expect(() => {
      other.refuseUnavailable(here, 'A_KEY');
    }).not.toThrow();
    expect([...store.headersFor(new URL('https://elsewhere.example/'))]).toEqual([]);
  });

  it('takes over only the same version of the same secret, and only what may be back soon', () => {
    const previous = () => new SecretStore([wire({})]);
    const passing = missing('SECRET_SOURCE_UNAVAILABLE');
    const store = new SecretStore([wire(passing)]);
    expect(store.isIncomplete).toBe(true);
    const before = previous();
    expect(store.adopt(before)).toBe(true);
    before.wipe();
    expect([...store.headersFor(here)]).toEqual([['x-key', 'a']]);
    expect(store.isIncomplete).toBe(true);
    store.dropAdopted();
    expect(() => store.headersFor(here)).toThrow(SecretUnavailableError);

    expect(new SecretStore([wire({ ...passing, version: 2 })]).adopt(previous())).toBe(false);
    expect(new SecretStore([wire({ ...passing, id: '2' })]).adopt(previous())).toBe(false);
    expect(new SecretStore([wire(missing('SECRET_ALTERED'))]).adopt(previous())).toBe(false);
    expect(new SecretStore([wire(passing)]).adopt(before)).toBe(false);
    expect(SecretHostError.code).not.toBe(SecretUnavailableError.code);
  });
});
