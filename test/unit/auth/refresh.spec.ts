import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { hashToken, RefreshTokens } from '../../../src/auth/domain/refresh-tokens.js';
import { judgeRefresh } from '../../../src/auth/domain/rotation.js';
import { newId } from '../../../src/kernel/ids.js';

describe('refresh tokens', () => {
  const tokens = new RefreshTokens(randomBytes(32));

  it('name their login and are kept as a hash', () => {
    const loginId = newId();
    const token = tokens.first(loginId);
    expect(tokens.parse(token)).toEqual({ loginId, hash: hashToken(token) });
  });

  it('have one successor, in the same login', () => {
    const loginId = newId();
    const first = tokens.first(loginId);
    const second = tokens.successor(first);
    expect(tokens.successor(first)).toBe(second);
    expect(tokens.parse(second)?.loginId).toBe(loginId);
    expect(new Set([first, second, tokens.successor(second)]).size).toBe(3);
  });

  it('differ for every login, even of one id', () => {
    const loginId = newId();
    expect(tokens.first(loginId)).not.toBe(tokens.first(loginId));
  });

  it('are not accepted with a bit changed, nor from another server', () => {
    const token = tokens.first(newId());
    const bytes = Buffer.from(token, 'base64url');
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const broken = Buffer.from(bytes);
        broken.writeUInt8(broken.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        return tokens.parse(broken.toString('base64url')) === undefined;
      }),
    );
    expect(new RefreshTokens(randomBytes(32)).parse(token)).toBeUndefined();
    for (const wrong of ['', token.slice(1), `${token}A`, `${token}=`, token.replace(/./, '+')]) {
      expect(tokens.parse(wrong)).toBeUndefined();
    }
  });
});

describe('the verdict on a refresh', () => {
  const [current, previous, older] = ['current', 'previous', 'older'].map(hashToken) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const login = { tokenHash: current, previousHash: previous, over: false, withinGrace: true };

  it('rotates the current token', () => {
    expect(judgeRefresh(login, current)).toBe('rotate');
    expect(judgeRefresh({ ...login, previousHash: null, withinGrace: false }, current)).toBe(
      'rotate',
    );
  });

  it('repeats for the one before, moments after', () => {
    expect(judgeRefresh(login, previous)).toBe('repeat');
    expect(judgeRefresh({ ...login, withinGrace: false }, previous)).toBe('reuse');
  });

  it('calls any other token of the login a reuse', () => {
    expect(judgeRefresh(login, older)).toBe('reuse');
    expect(judgeRefresh({ ...login, previousHash: null }, older)).toBe('reuse');
  });

  it('gives nothing once the login is over', () => {
    for (const hash of [current, previous, older]) {
      expect(judgeRefresh({ ...login, over: true }, hash)).toBe('over');
    }
  });
});
