import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CliError, EXIT } from '../cli-error.js';

const login = z.object({
  email: z.string(),
  organization: z.string(),
  /** `name=value` of the refresh cookie. */
  cookie: z.string(),
  accessToken: z.string(),
  /** Milliseconds since the Unix epoch. */
  expiresAtMs: z.number(),
});
export type Login = z.infer<typeof login>;

const file = z.object({
  version: z.literal(1),
  current: z.string().nullable(),
  logins: z.record(z.string(), login),
});
type Saved = z.infer<typeof file>;

const NOTHING: Saved = { version: 1, current: null, logins: {} };

/** The saved logins, one per server, in a file that only its owner may read. */
export class Credentials {
  constructor(readonly path: string) {}

  /** The server of the last login. */
  async currentUrl(): Promise<string | undefined> {
    return (await this.read()).current ?? undefined;
  }

  async find(url: string): Promise<Login | undefined> {
    return (await this.read()).logins[url];
  }

  async save(url: string, entry: Login): Promise<void> {
    const saved = await this.read();
    await this.write({ ...saved, current: url, logins: { ...saved.logins, [url]: entry } });
  }

  async forget(url: string): Promise<void> {
    const saved = await this.read();
    const { [url]: _gone, ...logins } = saved.logins;
    await this.write({ ...saved, logins });
  }

  private async read(): Promise<Saved> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch {
      return NOTHING;
    }
    try {
      return file.parse(JSON.parse(text));
    } catch (cause) {
      throw new CliError(
        'CREDENTIALS_UNREADABLE',
        `${this.path} is not a file of saved logins. Delete it and sign in again: iron-cage login`,
        {
          exitCode: EXIT.notSignedIn,
          cause,
        },
      );
    }
  }

  /** Written aside and moved into place, so that two commands at once never leave half a file. */
  private async write(saved: Saved): Promise<void> {
    const aside = `${this.path}.${String(process.pid)}`;
    try {
      await mkdir(path.dirname(this.path), { recursive: true, mode: 0o700 });
      await writeFile(aside, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 });
      await chmod(aside, 0o600);
      await rename(aside, this.path);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CliError(
        'CREDENTIALS_NOT_SAVED',
        `The login could not be saved: ${why}. Set XDG_CONFIG_HOME to a folder that you may write, or use IRON_CAGE_EMAIL and IRON_CAGE_PASSWORD.`,
        { cause },
      );
    }
  }
}
