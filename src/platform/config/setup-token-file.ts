import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from './config.js';

/** The set-up token for those who cannot see the server's output, for as long as it is good for anything. */
export class SetupTokenFile {
  readonly path: string;

  constructor(config: Pick<Config, 'dataDir'>) {
    this.path = path.join(config.dataDir, 'setup-token');
  }

  async write(token: string): Promise<void> {
    await mkdir(path.dirname(this.path), { recursive: true, mode: 0o700 });
    // Removed first: writing keeps the mode of a file that is already there.
    await this.remove();
    await writeFile(this.path, `${token}\n`, { mode: 0o600 });
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
