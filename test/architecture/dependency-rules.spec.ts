import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** One line per import that breaks a rule: `rule: from → to`. */
function violationsIn(folder: string, folders: readonly string[]): string[] {
  const cruiser = path.resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [
    cruiser,
    '--config',
    path.resolve('test/architecture/dependency-rules.cjs'),
    '--output-type',
    'json',
    '--no-cache',
    ...folders,
  ];
  let output: string;
  try {
    output = execFileSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    // The exit code is the number of violations; without a report something else went wrong.
    output = String((error as { stdout: unknown }).stdout);
    if (output === '') throw error;
  }
  const { summary } = JSON.parse(output) as {
    summary: { violations: Violation[]; totalCruised: number };
  };
  expect(summary.totalCruised).toBeGreaterThan(0);
  return summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`);
}

describe('imports', () => {
  it('follow the layers: kernel, platform, features, app; the SDK and the CLI stand alone', () => {
    expect(violationsIn('.', ['src', 'sdk/src'])).toEqual([]);
  });

  it('that break the layers are found', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ic-rules-'));
    const files: Record<string, string> = {
      'src/kernel/clock.ts': `import '../platform/clock.js';\nexport const clock = 1;\n`,
      'src/platform/clock.ts': `export const platform = 1;\n`,
      'src/billing/index.ts': `import '../analytics/index.js';\n`,
      'src/analytics/index.ts': `export const analytics = 1;\n`,
      'src/cli/main.ts': `import '../billing/index.js';\n`,
      'src/app.ts': `import './billing/data/rows.js';\n`,
      'src/billing/data/rows.ts': `export const rows = 1;\n`,
    };
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
      }
      for (const name of ['tsconfig.json', 'package.json']) cpSync(name, path.join(folder, name));
      symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'));
      const rules = violationsIn(folder, ['src']).map((line) => line.split(':')[0]);
      expect(new Set(rules)).toEqual(
        new Set(['kernel-is-bottom', 'order-of-billing', 'cli-is-a-client', 'app-uses-the-door']),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
