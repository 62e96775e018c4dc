import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The package as it would be published, built and packed in a folder of its own. */
export class PackedSdk {
  readonly folder = mkdtempSync(join(tmpdir(), 'iron-cage-package-'));
  /** What was packed, unpacked. */
  readonly unpacked = join(this.folder, 'package');
  readonly tarball: string;

  constructor() {
    const source = join(this.folder, 'source');
    mkdirSync(source);
    for (const name of ['package.json', 'README.md', 'LICENSE']) {
      copyFileSync(join(root, 'sdk', name), join(source, name));
    }
    const options = { cwd: root, stdio: 'pipe' } as const;
    execFileSync(process.execPath, ['sdk/build.mjs', join(source, 'dist')], options);
    const name = execFileSync('npm', ['pack', '--silent', '--ignore-scripts'], {
      ...options,
      cwd: source,
    });
    this.tarball = join(source, name.toString().trim());
    execFileSync('tar', ['xzf', this.tarball, '-C', this.folder], options);
  }

  get files(): readonly string[] {
    const list = execFileSync('tar', ['tzf', this.tarball]).toString().trim().split('\n');
    return list.map((name) => name.replace(/^package\//, ''));
  }

  /**
   * A project that has the package installed, and `others` of this repository's packages.
   * @param renamed packages by the name under which the project has them, where the repository has
   *   them under another one; they find each other, and all that they depend on
   */
  installIn(
    name: string,
    others: readonly string[] = [],
    renamed: Readonly<Record<string, string>> = {},
  ): string {
    const isRenaming = Object.keys(renamed).length > 0;
    const project = join(this.folder, name, isRenaming ? 'project' : '');
    const scope = join(project, 'node_modules', '@iron-cage');
    mkdirSync(scope, { recursive: true });
    execFileSync('cp', ['-r', this.unpacked, join(scope, 'sdk')]);
    const { dependencies } = JSON.parse(
      readFileSync(join(this.unpacked, 'package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    for (const other of [...Object.keys(dependencies), '@hpke/common', ...others]) {
      const link = join(project, 'node_modules', other);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(root, 'node_modules', other), link);
    }
    for (const [own, alias] of Object.entries(renamed)) {
      const copy = join(project, 'node_modules', own);
      mkdirSync(join(copy, '..'), { recursive: true });
      // A link would be followed, and its peers be looked for beside the original.
      execFileSync('cp', ['-r', join(root, 'node_modules', alias), copy]);
    }
    // What they depend on is found one folder further out.
    if (isRenaming) symlinkSync(join(root, 'node_modules'), join(project, '..', 'node_modules'));
    writeFileSync(join(project, 'package.json'), '{"type":"module"}');
    return project;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface NodeVersion {
  readonly version: string;
  readonly path: string;
}

/** This Node, and the machine's own where that is another one. */
export function nodeVersions(): readonly NodeVersion[] {
  const here = { version: process.version, path: process.execPath };
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path));
  if (found === undefined) return [here];
  const version = execFileSync(found, ['--version']).toString().trim();
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const isSupported = major > 20 || (major === 20 && minor >= 19);
  return version === process.version || !isSupported ? [here] : [here, { version, path: found }];
}
