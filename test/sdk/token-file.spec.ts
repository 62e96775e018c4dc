import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readTokens } from '../../sdk/src/tokens/token-file.js';

/** As long as what is read at once: tokens then lie across its borders. */
const PART_BYTES = 64 * 1_024;

describe('the file of a vocabulary', () => {
  let folder = '';
  let path = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'iron-cage-tokens-'));
    path = join(folder, 'vocabulary.json');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function tokensOf(file: string): string[] {
    writeFileSync(path, file);
    const tokens: string[] = [];
    readTokens(path, (token, length) => {
      tokens.push(Buffer.from(token.subarray(0, length)).toString('hex'));
    });
    return tokens;
  }

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('is read in parts: border %d', (shift) => {
    const tokens = Array.from({ length: 30_000 }, (_, index) =>
      Buffer.from(`${'x'.repeat(index % 7)}${index.toString()}`),
    );
    const list = tokens.map((token) => token.toString('base64')).join(' ');
    expect(list.length).toBeGreaterThan(5 * PART_BYTES);
    const file = `{"pat_str":"${'a'.repeat(shift)}","bpe_ranks":"! 0 ${list}","more":1}`;
    expect(tokensOf(file)).toEqual(tokens.map((token) => token.toString('hex')));
  });

  it.each([
    ['no list', '{"pat_str":"a"}'],
    ['an empty file', ''],
    ['a second list', '{"bpe_ranks":"! 0 YQ== Yg==\\n! 9 Yw=="}'],
    ['a list without an end', '{"bpe_ranks":"! 0 YQ== Yg=='],
    ['other than Base64', '{"bpe_ranks":"! 0 YQ== Y_g="}'],
    ['a token without end', `{"bpe_ranks":"! 0 ${'YWFh'.repeat(400)}"}`],
  ])('is refused with %s', (_, file) => {
    expect(() => tokensOf(file)).toThrow('unknown file format');
  });
});
