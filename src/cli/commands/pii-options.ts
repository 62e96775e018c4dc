import { type Command, InvalidArgumentError } from 'commander';
import type { PiiPattern, PiiPolicy } from '../api/types.js';

const ACTIONS = ['block', 'redact', 'warn', 'off'];
const TYPES = [
  ...['email', 'card', 'iban', 'ssn', 'phone', 'ip', 'secret'],
  ...['nationalId', 'bankAccount', 'medicalId', 'documentId', 'birthDate', 'mac', 'wallet'],
];

export interface PiiOptions {
  readonly pii?: Readonly<Record<string, string>>;
  readonly piiRestore?: boolean;
  readonly piiPattern?: readonly PiiPattern[];
  readonly piiPatternRemove?: readonly string[];
}

/** What a project does about personal data in prompts. */
export function withPii(command: Command): Command {
  return command
    .option(
      '--pii <type=action>',
      `personal data in prompts; types: ${TYPES.join(', ')}; actions: ${ACTIONS.join(', ')}; may be given more than once`,
      addAction,
    )
    .option('--pii-restore <on|off>', 'whether replaced values are put back into answers', onOrOff)
    .option(
      '--pii-pattern <NAME=pattern>',
      "a pattern of one's own in RE2's language, redacted; NAME:action=pattern for another action; may be given more than once",
      addPattern,
    )
    .option(
      '--pii-pattern-remove <NAME>',
      'forget a pattern',
      (name: string, before?: string[]) => [...(before ?? []), name],
    );
}

/** The change that the options ask for; undefined when they ask for none. */
export function piiOf(
  options: PiiOptions,
  current: readonly PiiPattern[],
): Partial<PiiPolicy> | undefined {
  const { pii, piiRestore, piiPattern = [], piiPatternRemove = [] } = options;
  const gone = new Set([...piiPatternRemove, ...piiPattern.map(({ name }) => name)]);
  const patterns = [...current.filter(({ name }) => !gone.has(name)), ...piiPattern];
  const change = {
    ...pii,
    ...(piiRestore !== undefined && { restore: piiRestore }),
    ...(gone.size > 0 && { patterns }),
  };
  return Object.keys(change).length > 0 ? change : undefined;
}

/** `block email, card; redact phone, ip` */
export function piiInWords({ restore, patterns, ...actions }: PiiPolicy): string {
  const all = [
    ...Object.entries(actions),
    ...patterns.map(({ name, action }) => [name, action] as const),
  ];
  const parts = ACTIONS.filter((action) => action !== 'off').flatMap((action) => {
    const types = all.filter((entry) => entry[1] === action).map(([type]) => type);
    return types.length === 0 ? [] : [`${action} ${types.join(', ')}`];
  });
  if (parts.length === 0) return 'nothing is looked for';
  return restore ? parts.join('; ') : `${parts.join('; ')}; answers keep the tokens`;
}

function addAction(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [type = '', action = ''] = text.split('=');
  if (!TYPES.includes(type) || !ACTIONS.includes(action)) {
    throw new InvalidArgumentError(
      `Give type=action, such as email=redact. Types: ${TYPES.join(', ')}. Actions: ${ACTIONS.join(', ')}.`,
    );
  }
  return { ...before, [type]: action };
}

function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('Give on or off.');
}

function addPattern(text: string, before: readonly PiiPattern[] = []): PiiPattern[] {
  const equals = text.indexOf('=');
  const [name = '', action = 'redact'] = text.slice(0, Math.max(0, equals)).split(':');
  const pattern = text.slice(equals + 1);
  if (name === '' || pattern === '' || !ACTIONS.includes(action)) {
    throw new InvalidArgumentError(
      'Give NAME=pattern, such as EMPLOYEE_ID=EMP-[0-9]{5}, or NAME:block=pattern.',
    );
  }
  return [...before, { name, pattern, action }];
}
