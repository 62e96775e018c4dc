import { createInterface } from 'node:readline';
import { text as readAll } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { CliError, EXIT, usageError } from '../cli-error.js';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Asks on standard error, so that standard output stays the command's result. */
export class Prompt {
  private input: Promise<string> | undefined;

  constructor(private readonly terminal: Terminal) {}

  get interactive(): boolean {
    return this.terminal.stdin.isTTY && this.terminal.stderr.isTTY;
  }

  /** @param otherwise what to use where nobody can be asked, for the error */
  async line(question: string, otherwise: string): Promise<string> {
    return this.ask(question, otherwise, false);
  }

  async hidden(question: string, otherwise: string): Promise<string> {
    return this.ask(question, otherwise, true);
  }

  async newPassword(otherwise: string): Promise<string> {
    const first = await this.hidden('Password (12 characters or more): ', otherwise);
    const second = await this.hidden('The same again: ', otherwise);
    if (first !== second) throw usageError('The two passwords differ. Run the command again.');
    return first;
  }

  async confirm(question: string, yes: boolean): Promise<void> {
    if (yes) return;
    const answer = await this.line(`${question} [y/N] `, '--yes');
    if (/^y(es)?$/i.test(answer.trim())) return;
    throw new CliError('CANCELLED', 'Nothing was changed.');
  }

  /** All of standard input, without the line end that `echo` adds. */
  async standardInput(): Promise<string> {
    this.input ??= readAll(this.terminal.stdin);
    const value = (await this.input).replace(/\r?\n$/, '');
    if (value === '') throw usageError('Standard input is empty.');
    return value;
  }

  private ask(question: string, otherwise: string, hidden: boolean): Promise<string> {
    if (!this.interactive)
      throw usageError(
        `"${question.replace(/[:?[].*$/, '').trim()}" cannot be asked here, because there is no terminal. Use ${otherwise}.`,
      );
    const { stdin, stderr } = this.terminal;
    stderr.write(question);
    const silent = new Writable({
      write: (_chunk, _encoding, done) => {
        done();
      },
    });
    const reader = createInterface({
      input: stdin,
      output: hidden ? silent : stderr,
      terminal: true,
    });
    return new Promise((resolve, reject) => {
      reader.once('line', (line) => {
        resolve(line);
        reader.close();
      });
      reader.once('SIGINT', () => {
        reject(new CliError('CANCELLED', 'Cancelled.', { exitCode: EXIT.failed }));
        reader.close();
      });
      reader.once('close', () => {
        if (hidden) stderr.write('\n');
        reject(new CliError('CANCELLED', 'Cancelled.', { exitCode: EXIT.failed }));
      });
    });
  }
}
