import type { Command } from 'commander';
import { usageError } from './cli-error.js';

/** Where a secret may be sent, and how; the options of `secret add` and `secret update`. */
export interface TermOptions {
  readonly host: readonly string[];
  readonly path: readonly string[];
  readonly header?: string;
  readonly unmetered?: boolean;
}

const HEADER = /^([A-Za-z0-9-]+):\s*(.+)$/;

export const append = (value: string, before: readonly string[]): readonly string[] => [
  ...before,
  value,
];

export function withTerms(command: Command): Command {
  return command
    .option('--host <host>', 'where it may be sent, repeatable', append, [])
    .option('--path <start>', 'beginning of the paths it may be sent to, repeatable', append, [])
    .option(
      '--header <form>',
      'the header that carries it, such as "authorization: Bearer {secret}" or "x-api-key: {secret}"; none takes it away',
    )
    .option('--unmetered', 'its hosts sell no models: requests to them cost nothing here');
}

/** The body's members; only what was given. */
export function termsOf(options: TermOptions): Record<string, unknown> {
  const { host, path, header, unmetered } = options;
  return {
    ...(host.length > 0 && { hosts: host }),
    ...(path.length > 0 && { paths: path }),
    ...(header !== undefined && { header: headerOf(header) }),
    ...(unmetered === true && { metered: false }),
  };
}

function headerOf(text: string): { name: string; value: string } | null {
  if (text === 'none') return null;
  const [, name, value] = HEADER.exec(text.trim()) ?? [];
  if (name === undefined || value === undefined)
    throw usageError('Write the header as "name: value", such as "x-api-key: {secret}".');
  return { name: name.toLowerCase(), value };
}
