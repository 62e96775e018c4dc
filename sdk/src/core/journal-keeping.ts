import type { Clock } from '../identity/clock.js';
import { defaultJournalFolder, JournalFile } from '../leases/journal-file.js';
import { replayJournals } from '../leases/journal-replay.js';
import type { LeaseServer } from '../leases/lease-server.js';
import type { Emit } from './events.js';
import type { ResolvedOptions } from './options.js';

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

/** Settles what processes that crashed have left behind. Never throws. */
export async function replayOthers(
  options: JournalOptions,
  ports: { server: LeaseServer; clock: Clock; emit: Emit; ownPath: string | undefined },
): Promise<void> {
  const { journalDir, keyId, url } = options;
  const { server, clock, emit, ownPath } = ports;
  if (journalDir === false) return;
  try {
    const settled = await replayJournals(server, {
      folder: folderOf(journalDir),
      server: url.href,
      keyId,
      wallMs: clock.wallMs(),
      ownPath,
    });
    if (settled === 0) return;
    emit('warning', {
      code: 'JOURNAL_REPLAYED',
      message: `${settled.toString()} lease(s) of a process that crashed were settled.`,
    });
  } catch (error) {
    emit('warning', { code: 'JOURNAL_UNREADABLE', message: String(error) });
  }
}

function folderOf(journalDir: string): string {
  return journalDir === '' ? defaultJournalFolder() : journalDir;
}
