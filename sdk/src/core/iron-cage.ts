import { ConfigurationError } from '../errors/catalogue.js';
import { guardWebSockets } from '../fetch/web-socket-guard.js';
import { isKnownProviderHost } from '../providers/known-hosts.js';
import { Cage } from './cage.js';
import { resolveOptions, type IronCageOptions } from './options.js';

const slot = Symbol.for('iron-cage.process.v1');

interface ProcessState {
  readonly cage: Cage;
  readonly started: Promise<void>;
  readonly identity: string;
}

type GlobalWithSlot = typeof globalThis & { [slot]?: ProcessState | undefined };

/** The entry points of the SDK. One connection per process, however many copies are loaded. */
export const IronCage = {
  /**
   * Connects this process to Iron Cage: checks the key, gets the secrets, patches `fetch`.
   * A second call with the same key and address gives the same connection.
   * @throws IronCageError with the reason why the agent may not run
   */
  async init(options: IronCageOptions = {}): Promise<Cage> {
    const { cage, started } = begin(options);
    await started;
    return cage;
  },

  /** Like `init`, for programs that only want the keys: the name that operators know. */
  async injectSecrets(options: IronCageOptions = {}): Promise<Cage> {
    return IronCage.init(options);
  },

  /** The connection of this process; undefined before `init` and after `close`. */
  current(): Cage | undefined {
    return (globalThis as GlobalWithSlot)[slot]?.cage;
  },
} as const;

/** Does the synchronous part of `init`: placeholders and `fetch` are in place when it returns. */
export function begin(options: IronCageOptions): ProcessState {
  const holder = globalThis as GlobalWithSlot;
  const { url, keyId, patchFetch } = resolveOptions(options);
  const identity = `${keyId} ${url.href}`;
  const existing = holder[slot];
  if (existing !== undefined) {
    if (existing.identity === identity) return existing;
    throw new ConfigurationError(
      'Iron Cage already runs in this process with another key or address; close it first.',
    );
  }
  const cage = new Cage(options);
  cage.presetEnvironment();
  const restore = patchFetch
    ? [
        patchGlobalFetch(cage),
        guardWebSockets((url) => isKnownProviderHost(url) || cage.meters(url)),
      ]
    : [];
  const release = (): void => {
    for (const undo of restore) undo();
    if (holder[slot]?.cage === cage) holder[slot] = undefined;
  };
  cage.onClosed(release);
  const started = cage.start().catch(async (error: unknown) => {
    // Whoever sees the rejection must find the process as it was before.
    release();
    await cage.close().catch(() => undefined);
    throw error;
  });
  started.catch(() => undefined); // `init` and `auto` await it; others need not
  const state: ProcessState = { cage, started, identity };
  holder[slot] = state;
  return state;
}

function patchGlobalFetch(cage: Cage): () => void {
  const original = globalThis.fetch;
  const metering = cage.fetch;
  globalThis.fetch = metering;
  return () => {
    if (globalThis.fetch === metering) globalThis.fetch = original;
  };
}
