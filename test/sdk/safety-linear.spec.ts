import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { checkSync } from 'recheck';
import ts from 'typescript';

import { findPii } from '../../sdk/src/safety/detect.js';
import { piiTypes } from '../../sdk/src/safety/finding.js';
import { datePattern } from '../../sdk/src/safety/labelled-scanner.js';
import { nationalIdPatterns } from '../../sdk/src/safety/national-ids.js';
import { compilePatterns, findOwnPatterns } from '../../sdk/src/safety/own-patterns.js';
import { secretForms } from '../../sdk/src/safety/secret-prefixes.js';

const folder = join(import.meta.dirname, '../../sdk/src/safety');
const types = new Set<string>(piiTypes);

/** Every regular expression that is written down in the folder, with its place. */
function literals(): [string, string, string][] {
  return readdirSync(folder).flatMap((file) => {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(folder, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const found: [string, string, string][] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/');
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.push([`${file}:${String(line)}`, node.text.slice(1, end), node.text.slice(end + 1)]);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

const patterns = [
  ...literals(),
  ...secretForms.map(({ pattern }) => pattern).map(named),
  ...nationalIdPatterns.map(named),
  named(datePattern, 0),
];

function named({ source, flags }: RegExp, index: number): [string, string, string] {
  return [`built ${String(index)}`, source, flags];
}

describe('no pattern takes more than linear time', () => {
  it.each(patterns)('%s: /%s/%s', (_place, source, flags) => {
    // Sticky patterns start at one place only, which the checker does not know.
    const anchored = flags.includes('y') ? `^(?:${source})` : source;
    const { status } = checkSync(anchored, flags.replace('y', ''), { timeout: 20_000 });
    expect(status).not.toBe('vulnerable');
  });
});

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The least of up to three measurements, so that other work on the machine counts little. */
function leastCpuMs(work: () => void, enoughMs = 0): number {
  let least = Infinity;
  for (let times = 0; times < 3 && least > enoughMs; times += 1) {
    least = Math.min(least, cpuMs(work));
  }
  return least;
}

/** Quadratic work would take a hundred times as long for ten times the text. */
function expectLinear(workFor: (length: number) => () => void, length: number): void {
  const limitMs = Math.max(leastCpuMs(workFor(length / 10)), 4) * 40;
  expect(leastCpuMs(workFor(length), limitMs)).toBeLessThan(limitMs);
}

describe('a megabyte made to be slow takes ten times as long as a tenth of it', () => {
  const units = [
    ...['a', '1', '@', 'a@', 'a.', '@a.', 'a@a.', '1.', '1 ', '4111 ', '4111-', '(212) ', '+1 '],
    ...[':', 'a:', '1:', '::', 'fe80:', '=', 'password=', 'password ', 'password is "', 'pass:'],
    ...[
      '-----BEGIN RSA PRIVATE KEY-----',
      'sk-',
      'eyJ',
      'eyJa.',
      'eyJaaaaaaaaaaaa.eyJ',
      '://',
      '://a:',
    ],
    ...[
      '%40',
      '&#64;',
      '&',
      '\\n',
      '\\u0040',
      '[at]',
      ' [at] ',
      '[',
      '\u200b',
      '\u0430',
      '\u4e2d',
      '\ud800',
    ],
    ...[
      'GB29',
      'DE89 ',
      'IBAN DE',
      'SSN ',
      'MRN ',
      'born 1990-01-0',
      '00:',
      '0x',
      'bc1q',
      'A',
      '1-',
    ],
    ...['=~', '= ', '="', "'", '\n', ' ', '\t', '|', 'Bearer ', 'Basic ', 'a-', 'a_', '[EMAIL_1]'],
  ];

  it.each(units.map((unit) => [JSON.stringify(unit), unit]))('of %s', (_name, unit) => {
    expectLinear((length) => {
      const text = unit.repeat(length / unit.length);
      return () => findPii(text, types);
    }, 1_000_000);
  });

  it('with a pattern that backtracking engines need ages for', async () => {
    const patterns = [{ name: 'SLOW', pattern: '(a+)+$', action: 'warn' as const }];
    const compiled = await compilePatterns(patterns, (_name, reason) => {
      throw new Error(reason);
    });
    expectLinear((length) => {
      const text = `${'a'.repeat(length)}!`;
      return () => {
        findOwnPatterns(text, compiled, []);
      };
    }, 20_000);
  });
});
