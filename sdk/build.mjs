// node sdk/build.mjs [FOLDER]: builds `dist`, or another folder. One file per entry point and what they share (a hundred small modules
// would take three times as long to import), and the declarations that the entry points lead to.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));
const dist = path.resolve(process.argv[2] ?? path.join(folder, 'dist'));
const { exports } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
const entries = Object.values(exports)
  .filter((entry) => typeof entry === 'object')
  .map((entry) => path.basename(entry.default, '.js'));

rmSync(dist, { recursive: true, force: true });
const { outputFiles } = await build({
  entryPoints: entries.map((name) => path.join(folder, 'src', `${name}.ts`)),
  outdir: dist,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  minifyWhitespace: true,
  write: false,
  ignoreAnnotations: true, // "sideEffects" is for users' bundlers; `register` is one import
  logLevel: 'warning',
});
for (const file of outputFiles) {
  mkdirSync(path.dirname(file.path), { recursive: true });
  writeFileSync(file.path, inAscii(file.text));
}
const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const project = path.join(folder, 'tsconfig.build.json');
execFileSync(process.execPath, [tsc, '-p', project, '--outDir', dist], { stdio: 'inherit' });
removeUnreachable(entries.map((name) => path.join(dist, `${name}.d.ts`)));

/** The letters of other scripts in regular expressions: a single one doubles the memory that the source takes. */
function inAscii(source) {
  if (source.includes('String.raw`')) throw new Error('an escape in String.raw would be text');
  return source.replace(
    /[^\x00-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Declarations of inner modules that no entry point mentions only make the package larger. */
function removeUnreachable(queue) {
  const reached = new Set(queue);
  for (const file of reached) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/['"](\.{1,2}\/[^'"]+)\.js['"]/g)) {
      reached.add(path.resolve(path.dirname(file), `${name}.d.ts`));
    }
  }
  for (const name of readdirSync(dist, { recursive: true })) {
    const file = path.join(dist, name);
    if (name.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
  }
  removeEmptyFolders(dist);
}

function removeEmptyFolders(parent) {
  for (const name of readdirSync(parent)) {
    const inner = path.join(parent, name);
    if (!statSync(inner).isDirectory()) continue;
    removeEmptyFolders(inner);
    if (readdirSync(inner).length === 0) rmSync(inner, { recursive: true });
  }
}
