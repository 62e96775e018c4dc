import type { Clock } from '../identity/clock.js';
import { defaultJournalFolder, JournalFile } from '../leases/journal-file.js';
import { replayJournals } from '../leases/journal-replay.js';
import type { LeaseServer } from '../leases/lease-server.js';
import type { Emit } from './events.js';
import type { ResolvedOptions } from './options.js';

/** What does not get through by then waits for the next start. */
const REPLAYS_MAX = 3;

type JournalOptions = Pick<ResolvedOptions, 'journalDir' | 'keyId' | 'url'>;

/** Opens the journal of this process. @returns undefined, with a warning, where none can be kept */
export function openJournal(options: JournalOptions, emit: Emit): JournalFile | undefined {
  const { journalDir, keyId, url } = options;
  if (journalDir === false) return undefined;
  const folder = folderOf(journalDir);
  try {
    return new JournalFile(folder, { server: url.href, keyId }, (error) => {
      emit('warning', {
        code: 'JOURNAL_FAILED',
        message:
          `the journal of unreported usage cannot be written any more (${String(error)}); the ` +
          'agent goes on without it, and a crash may lose up to one report per lease',
      });
    });
  } catch (error) {
    process.emitWarning(
      `no journal of unreported usage can be kept in ${folder} (${String(error)}); ` +
        'a crash may lose up to one report',
      'IronCageWarning',
    );
    return undefined;
  }
}

export interface ReplayPorts {
  readonly server: LeaseServer;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly ownPath: string | undefined;
  readonly isClosing: () => boolean;
}

/**
 * Settles what processes that crashed have left behind, later once more when the server says that it is too early. Never throws.
 */
export async function replayOthers(
  options: JournalOptions,
  ports: ReplayPorts,
  attemptsLeft = REPLAYS_MAX,
): Promise<void> {
  const { journalDir, keyId, url } = options;
  const { server, clock, emit, ownPath, isClosing } = ports;
  if (journalDir === false) return;
  try {
    const { settled, retryAfterMs } = await replayJournals(server, {
      folder: folderOf(journalDir),
      server: url.href,
      keyId,
      wallMs: clock.wallMs(),
      ownPath,
    });
    if (settled > 0) {
      emit('warning', {
        code: 'JOURNAL_REPLAYED',
        message: `${settled.toString()} lease(s) of a process that crashed were settled.`,
      });
    }
    if (retryAfterMs === undefined || attemptsLeft <= 1) return;
    clock.schedule(retryAfterMs, () => {
      if (!isClosing()) void replayOthers(options, ports, attemptsLeft - 1);
    });
  } catch (error) {
    emit('warning', { code: 'JOURNAL_UNREADABLE', message: String(error) });
  }
}

function folderOf(journalDir: string): string {
  return journalDir === '' ? defaultJournalFolder() : journalDir;
}
