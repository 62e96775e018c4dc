import { existsSync, readFileSync } from 'node:fs';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
type Packages = Readonly<Record<string, LockedPackage>>;

const FOLDERS = ['.', 'dashboard-ui'].filter((folder) => existsSync(`${folder}/package-lock.json`));

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** As npm resolves: the package's own node_modules first, then each one further out. */
function isLocked(packages: Packages, path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]?.version !== undefined)
      return true;
    if (at === '') return false;
    if (!at.includes('node_modules/')) at = '';
  }
}

describe.each(FOLDERS)('the lock file of %s', (folder) => {
  const { packages } = readJson<{ packages: Packages }>(`${folder}/package-lock.json`);
  const installed = Object.entries(packages).filter(
    ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
  );

  it('names every optional package, or npm ci fails on the platforms that lack it', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {})
        .filter((name) => !isLocked(packages, path, name))
        .map((name) => `${path} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('holds no address of a registry, so that a mirror can be used', () => {
    expect(
      installed.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path),
    ).toEqual([]);
  });

  it('has a checksum for every package', () => {
    expect(
      installed.filter(([, entry]) => entry.integrity === undefined).map(([path]) => path),
    ).toEqual([]);
  });

  it('brings no install script that package.json does not name', () => {
    const { allowScripts = {} } = readJson<{ allowScripts?: Record<string, boolean> }>(
      `${folder}/package.json`,
    );
    const scripted = installed
      .filter(([, entry]) => entry.hasInstallScript === true)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13));
    expect(scripted.filter((name) => !(name in allowScripts))).toEqual([]);
  });
});
