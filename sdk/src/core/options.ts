import { ConfigurationError } from '../errors/catalogue.js';
import { parseIronCageKey } from '../identity/iron-cage-key.js';
import { isPricesKey, parsePricesKeys } from '../prices/signed-prices.js';
import { parseServerAddress } from '../wire/server-address.js';

/** All options may be left out: `IRON_CAGE_KEY` and `IRON_CAGE_URL` are enough. */
export interface IronCageOptions {
  /** The Iron Cage key. Default: the environment variable `IRON_CAGE_KEY`. */
  readonly key?: string;
  /** Address of the Iron Cage server. Default: the environment variable `IRON_CAGE_URL`. */
  readonly url?: string;
  /** A name for this agent, shown in the dashboard. Default: `IRON_CAGE_AGENT`, else none. */
  readonly agentName?: string;
  /**
   * How provider keys are given to clients.
   * - `sealed` (default): placeholders in `process.env`; the real key is put into the request
   *   just before it leaves, and only for hosts that the secret allows
   * - `env`: the real keys in `process.env`, where child processes and every module can read them
   * - `none`: `process.env` is left alone
   */
  readonly inject?: 'sealed' | 'env' | 'none';
  /** Replace `globalThis.fetch` by the metering one. Default: true. */
  readonly patchFetch?: boolean;
  /**
   * - `enforce` (default): what does not fit, or may not be sent, is stopped
   * - `observe`: a dry run, if the project is one too (mode `observe` on the server); what would be
   *   stopped is told by the event `observed`, and goes. Keys stay protected, a pause or a revoked
   *   key still stops, and what was used is reported wherever it can be metered
   */
  readonly mode?: 'enforce' | 'observe';
  /** Limit the output of a call that would else be too expensive. Default: true. */
  readonly clampOutput?: boolean;
  /**
   * What to do with content whose size is not in the request (files, links, earlier responses):
   * `cap` (default) sets aside the price of the model's whole context window, `block` refuses.
   */
  readonly unbounded?: 'cap' | 'block';
  /** How long a call may wait for a lease when the server does not answer. Default: 5000 ms. */
  readonly leaseWaitMs?: number;
  /**
   * How long a call may wait for the end of other calls of this process that hold the rest of the
   * budget, before it is refused. Default: 30,000 ms.
   */
  readonly budgetWaitMs?: number;
  /** A streamed answer that is not read for so long is given up. Default: 600,000 ms. */
  readonly responseDeadlineMs?: number;
  /** How long starting may take altogether. Default: 15,000 ms. */
  readonly startTimeoutMs?: number;
  /**
   * Folder for the journal of unreported usage (ids and numbers only); `false` for none.
   * Default: a folder private to this user below the system's temporary folder.
   */
  readonly journalDir?: string | false;
  /**
   * The key that the server signs prices with; others are refused. Several are separated by commas.
   * Default: the environment variable `IRON_CAGE_PRICES_KEY`, else any key is accepted.
   */
  readonly pricesKey?: string;
  /** Return leases when the process ends. Default: true. */
  readonly handleExit?: boolean;
  /** Spans and metrics, where the program has `@opentelemetry/api`. Default: true. */
  readonly telemetry?: boolean;
  /**
   * Write a line about everything that happens: to the standard error output, or to a function.
   * Amounts, models and ids; never prompts or keys. Default: `IRON_CAGE_DEBUG`, else false.
   */
  readonly debug?: boolean | ((line: string) => void);
}

export interface ResolvedOptions extends Required<
  Omit<IronCageOptions, 'agentName' | 'url' | 'pricesKey'>
> {
  readonly url: URL;
  readonly keyId: string;
  readonly agentName: string | undefined;
  readonly pricesKeys: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigurationError that says which variable to set */
export function resolveOptions(
  options: IronCageOptions,
  environment: Environment = process.env,
): ResolvedOptions {
  const key = (options.key ?? environment['IRON_CAGE_KEY'] ?? '').trim();
  const url = (options.url ?? environment['IRON_CAGE_URL'] ?? '').trim();
  const missing = [
    ...(key === '' ? ['IRON_CAGE_KEY (the key that the dashboard shows once)'] : []),
    ...(url === '' ? ['IRON_CAGE_URL (the address of the Iron Cage server)'] : []),
  ];
  if (missing.length > 0) {
    throw new ConfigurationError(`Iron Cage cannot start: set ${missing.join(' and ')}.`);
  }
  return {
    key,
    keyId: parseIronCageKey(key).id,
    url: parseServerAddress(url),
    agentName: options.agentName ?? environment['IRON_CAGE_AGENT'],
    inject: oneOf('IRON_CAGE_INJECT', ['sealed', 'env', 'none'], options.inject, environment),
    patchFetch: options.patchFetch ?? true,
    mode: oneOf('IRON_CAGE_MODE', ['enforce', 'observe'], options.mode, environment),
    clampOutput: options.clampOutput ?? true,
    unbounded: options.unbounded ?? 'cap',
    leaseWaitMs: options.leaseWaitMs ?? 5_000,
    budgetWaitMs: options.budgetWaitMs ?? 30_000,
    responseDeadlineMs: options.responseDeadlineMs ?? 600_000,
    startTimeoutMs: options.startTimeoutMs ?? 15_000,
    journalDir: options.journalDir ?? environment['IRON_CAGE_JOURNAL_DIR'] ?? '',
    handleExit: options.handleExit ?? true,
    telemetry: options.telemetry ?? true,
    debug: options.debug ?? !['', '0', 'false'].includes(environment['IRON_CAGE_DEBUG'] ?? ''),
    pricesKeys: pricesKeys(options.pricesKey ?? environment['IRON_CAGE_PRICES_KEY']),
  };
}

function pricesKeys(text: string | undefined): readonly string[] {
  const keys = parsePricesKeys(text);
  if (keys.every(isPricesKey)) return keys;
  throw new ConfigurationError(
    'IRON_CAGE_PRICES_KEY must be what `iron-cage prices public-key` prints: 43 characters.',
  );
}

/** What was given, else the variable, else the first of the choices. */
function oneOf<const Choices extends readonly [string, ...string[]]>(
  variable: string,
  choices: Choices,
  given: Choices[number] | undefined,
  environment: Environment,
): Choices[number] {
  const text = given ?? environment[variable] ?? '';
  const found = text === '' ? choices[0] : choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new ConfigurationError(`${variable} must be one of ${choices.join(', ')}.`);
}
