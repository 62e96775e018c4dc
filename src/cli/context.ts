import type { Command } from 'commander';
import { ApiClient } from './api/api-client.js';
import { Credentials } from './api/credentials.js';
import { Transport } from './api/transport.js';
import { usageError } from './cli-error.js';
import type { Environment } from './environment.js';
import { Prompt, type Terminal } from './terminal/prompt.js';
import type { Fitting } from './terminal/table.js';

export const DEFAULT_URL = 'http://127.0.0.1:3000';

export interface Streams extends Terminal {
  /** With its width in characters where it is a terminal. */
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number };
}

interface GlobalOptions {
  readonly url?: string;
  readonly json?: boolean;
}

/** What every command works with. */
export class Context {
  readonly prompt: Prompt;
  readonly credentials: Credentials;

  constructor(
    private readonly program: Command,
    private readonly streams: Streams,
    readonly environment: Environment,
  ) {
    this.prompt = new Prompt(streams);
    this.credentials = new Credentials(environment.credentialsFile);
  }

  get json(): boolean {
    return this.program.opts<GlobalOptions>().json ?? false;
  }

  /** `--url`, IRON_CAGE_URL, the server of the last login, this machine. */
  async url(): Promise<string> {
    const given =
      this.program.opts<GlobalOptions>().url ??
      this.environment.url ??
      (await this.credentials.currentUrl()) ??
      DEFAULT_URL;
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
      throw usageError(
        `"${given}" is not the address of a server. Give one such as ${DEFAULT_URL}.`,
      );
    }
    return given.replace(/\/+$/, '');
  }

  async client(): Promise<ApiClient> {
    const { email, password } = this.environment;
    return new ApiClient({
      transport: new Transport(await this.url()),
      credentials: this.credentials,
      account: email !== undefined && password !== undefined ? { email, password } : undefined,
    });
  }

  /** The result: `data` as JSON for programs, or the text for people. */
  print(data: unknown, text: string | Fitting): void {
    if (this.json) this.streams.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
    else if (typeof text === 'string') this.streams.stdout.write(`${text}\n`);
    else this.printTable(text);
  }

  /** Beside the result; never on standard output. */
  note(text: string): void {
    if (!this.json) this.streams.stderr.write(`${text}\n`);
  }

  private printTable(table: Fitting): void {
    const { text, leftOut } = table.fit(this.streams.stdout.columns ?? Infinity);
    this.streams.stdout.write(`${text}\n`);
    if (leftOut.length > 0)
      this.note(`Left out for lack of room: ${leftOut.join(', ').toLowerCase()}. --json has all.`);
  }
}

/** A command's work; a number is its exit code. */
export type Action = (context: Context) => Promise<number | undefined>;
