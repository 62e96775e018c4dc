import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { transformFileSync } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The SDK as plain JavaScript, in a folder of its own: real processes can import it. */
export class CompiledSdk {
  readonly folder: string;

  constructor() {
    // Inside node_modules, so that the packages which the SDK imports are found.
    const cache = join(root, 'node_modules', '.cache');
    mkdirSync(cache, { recursive: true });
    this.folder = mkdtempSync(join(cache, 'sdk-process-test-'));
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}');
    const source = join(root, 'sdk', 'src');
    for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts')) this.#compile(join(source, name), name.replace(/\.ts$/, '.js'));
    }
  }

  url(name: string): string {
    return pathToFileURL(join(this.folder, name)).href;
  }

  /** Writes a module beside the SDK. @returns its path */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #compile(from: string, to: string): void {
    const { code } = transformFileSync(from, {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    const path = join(this.folder, to);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
    if (relative(this.folder, path).startsWith('..')) throw new Error('outside of the folder');
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A real process that runs an agent. */
export class AgentProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #output = '';

  /** @param fileBlocks no file may become larger than so many blocks of 512 bytes: like a full disk */
  constructor(args: readonly string[], environment: Record<string, string>, fileBlocks?: number) {
    const command = [process.execPath, '--no-warnings', ...args];
    const limited = `ulimit -f ${fileBlocks?.toString() ?? 'unlimited'}; exec "$0" "$@"`;
    this.#child = spawn('sh', ['-c', limited, ...command], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (data: Buffer) => (this.#output += data.toString()));
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve({ code, signal, output: this.#output });
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
