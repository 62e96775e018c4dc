import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import path from 'node:path';
import { DataSource } from 'typeorm';
import { newId } from '../../src/kernel/ids.js';
import { readConfig } from '../../src/platform/config/index.js';
import { dataSourceOptions } from '../../src/platform/database/index.js';
import { Keyring, readMasterKeys } from '../../src/platform/keyring/index.js';
import { Installation } from '../harness/installation.js';
import { eventually, query, signInAs } from '../harness/people.js';

type Json = Record<string, unknown>;

const encode = (part: Json | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Json;

describe('access tokens', () => {
  let installation: Installation;
  let serverKey: KeyObject;
  let header: Json;
  let payload: Json;
  beforeAll(async () => {
    installation = await Installation.start();
    serverKey = await stealKey(installation);
    const [first, second] = installation.token.split('.');
    header = decode(first);
    payload = decode(second);
  });
  afterAll(() => installation.stop());

  const es256 = (head: Json, body: Json) => {
    const text = `${encode(head)}.${encode(body)}`;
    const signature = sign('sha256', Buffer.from(text), {
      key: serverKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${text}.${signature.toString('base64url')}`;
  };
  const without = (name: string): Json =>
    Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name));
  const me = async (token: string) => {
    const { status, body } = await installation.as(token, 'GET', '/v1/auth/me');
    return [status, body['error']?.code];
  };

  it('carry what they should, and nothing about rights', () => {
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt' });
    expect(Object.keys(payload).sort()).toEqual(
      ['aud', 'exp', 'iat', 'iss', 'jti', 'org', 'sid', 'sub'].sort(),
    );
    expect(Number(payload['exp']) - Number(payload['iat'])).toBe(600);
  });

  it('made with the right key are accepted, so the refusals below are about what they say', async () => {
    expect(await me(es256(header, payload))).toEqual([200, undefined]);
  });

  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const forgeries: [string, () => string][] = [
    ['alg none', () => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`],
    ['alg None with a signature', () => es256({ ...header, alg: 'None' }, payload)],
    ['no alg', () => es256({ typ: 'at+jwt' }, payload)],
    ['HS256 with the public key (PEM)', () => hs256(publicKey().export(SPKI_PEM))],
    ['HS256 with the public key (DER)', () => hs256(publicKey().export(SPKI_DER))],
    ['typ JWT', () => es256({ ...header, typ: 'JWT' }, payload)],
    ['no typ', () => es256({ alg: 'ES256' }, payload)],
    ['a kid', () => es256({ ...header, kid: '../../dev/null' }, payload)],
    ['a jwk', () => es256({ ...header, jwk: publicKey().export({ format: 'jwk' }) }, payload)],
    ['a jku', () => es256({ ...header, jku: 'https://evil.example/keys' }, payload)],
    ['crit', () => es256({ ...header, crit: ['x'] }, payload)],
    ['no exp', () => es256(header, without('exp'))],
    ['expired', () => es256(header, { ...payload, exp: nowSeconds() - 1 })],
    ['a very late exp', () => es256(header, { ...payload, exp: nowSeconds() + 86_400 })],
    ['exp as text', () => es256(header, { ...payload, exp: String(payload['exp']) })],
    ['not yet valid', () => es256(header, { ...payload, nbf: nowSeconds() + 600 })],
    ['no iat', () => es256(header, without('iat'))],
    ['no sub', () => es256(header, without('sub'))],
    ['no jti', () => es256(header, without('jti'))],
    ['no org', () => es256(header, without('org'))],
    ['no sid', () => es256(header, without('sid'))],
    ['another audience', () => es256(header, { ...payload, aud: 'iron-cage-agent' })],
    ['a list of audiences', () => es256(header, { ...payload, aud: [payload['aud'], 'more'] })],
    ['another issuer', () => es256(header, { ...payload, iss: 'someone-else' })],
    ['another user in the same login', () => es256(header, { ...payload, sub: newId() })],
    ['another organization in the same login', () => es256(header, { ...payload, org: newId() })],
    ['an unknown login', () => es256(header, { ...payload, sid: newId() })],
    ['one more claim', () => es256(header, { ...payload, role: 'owner' })],
    ['a changed payload', () => swap({ ...payload, sub: newId() })],
    ['an empty signature', () => `${installation.token.split('.').slice(0, 2).join('.')}.`],
    ['two parts', () => installation.token.split('.').slice(0, 2).join('.')],
    ['noise', () => 'abc'],
  ];
  it.each(forgeries)('are refused: %s', async (_name, forge) => {
    expect(await me(forge())).toEqual([401, 'TOKEN_INVALID']);
    expect(await me(installation.token)).toEqual([200, undefined]);
  });

  it('lose their rights with the role, without a new sign-in', async () => {
    const token = await signInAs(installation, 'admin');
    expect((await installation.as(token, 'GET', '/v1/audit')).status).toBe(200);
    await query(installation, `UPDATE members SET role = 'viewer' WHERE role = 'admin'`);
    await eventually(async () => {
      const { status, body } = await installation.as(token, 'GET', '/v1/audit');
      expect([status, body['error'].code]).toEqual([403, 'FORBIDDEN']);
    }, 2_500);
    await query(installation, `DELETE FROM members WHERE role = 'viewer'`);
    await eventually(async () => expect(await me(token)).toEqual([401, 'TOKEN_INVALID']), 2_500);
  });

  it('grant nothing that an operator has, to others', async () => {
    const token = await signInAs(installation, 'admin', 'second-admin@acme.test');
    const answer = await installation.as(token, 'POST', '/v1/organizations', { name: 'Mine' });
    expect([answer.status, answer.body['error'].code]).toEqual([403, 'FORBIDDEN']);
  });

  const SPKI_PEM = { type: 'spki', format: 'pem' } as const;
  const SPKI_DER = { type: 'spki', format: 'der' } as const;
  const publicKey = () => createPublicKey(serverKey);
  const hs256 = (secret: string | Buffer) => {
    const text = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };
  const swap = (body: Json) => {
    const [first, , third] = installation.token.split('.');
    return [first, encode(body), third].join('.');
  };
});

/** The worst case: somebody has database and master key. What they forge must still say the right things. */
async function stealKey({ server }: Installation): Promise<KeyObject> {
  const dataSource = await new DataSource(dataSourceOptions(server.databaseUrl, 1)).initialize();
  try {
    const config = readConfig({ IRON_CAGE_KEK_FILE: path.join(server.dataDir, 'kek') });
    const keyring = await Keyring.open((known) => readMasterKeys(config, known), dataSource);
    const { bytes } = await keyring.serverSecret('access-token-key');
    return createPrivateKey({ key: bytes, type: 'pkcs8', format: 'der' });
  } finally {
    await dataSource.destroy();
  }
}
