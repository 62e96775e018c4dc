import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

import type { WireSettlement, WireUsageRecord } from '../wire/protocol.js';

const JOURNAL_SUFFIX = '.journal';
const COMPACT_BYTES = 1_000_000;

/** One line of the journal. It holds ids and numbers only: no prompts, no keys. */
export type JournalLine =
  | { readonly t: 'head'; readonly server: string; readonly keyId: string }
  /** A lease was asked for: it may exist. */
  | { readonly t: 'lease'; readonly lease: string; readonly session: string }
  /** A request is about to leave; the record is its upper bound. */
  | { readonly t: 'hold'; readonly lease: string; readonly usage: WireUsageRecord }
  /** The request is accounted for: replaces its hold. */
  | { readonly t: 'usage'; readonly lease: string; readonly usage: WireUsageRecord }
  /** A report is about to be sent, with exactly this body. */
  | { readonly t: 'plan'; readonly lease: string; readonly body: WireSettlement }
  /** The planned report was taken back: it never left. */
  | { readonly t: 'undo'; readonly lease: string }
  | { readonly t: 'ack'; readonly lease: string; readonly seq: number }
  | { readonly t: 'end'; readonly lease: string };

/** `<temporary folder>/iron-cage-<user id>`: private to this user. */
export function defaultJournalFolder(): string {
  const user = process.getuid?.() ?? 0;
  return join(tmpdir(), `iron-cage-${user.toString()}`);
}

/**
 * Creates the folder if needed, for this user only.
 * @throws Error when somebody else owns it or it is a link: others could read or plant journals
 */
export function prepareJournalFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = fs.lstatSync(folder);
  const user = process.getuid?.();
  if (!stats.isDirectory() || (user !== undefined && stats.uid !== user)) {
    throw new Error(`${folder} does not belong to this user`);
  }
}

/**
 * What has not been acknowledged yet, on disk, so that a crash loses no usage. It is a safety net: where it cannot be written any
 * more it says so once, and the agent goes on without it.
 */
export class JournalFile {
  readonly path: string;
  readonly #head: JournalLine;
  readonly #live = new Map<string, LiveLease>();
  readonly #onFailure: (error: unknown) => void;
  #descriptor: number;
  #bytes = 0;
  #failed = false;

  /** @throws Error when no journal can be kept in `folder` */
  constructor(
    folder: string,
    head: { readonly server: string; readonly keyId: string },
    onFailure: (error: unknown) => void = () => undefined,
  ) {
    prepareJournalFolder(folder);
    const suffix = randomBytes(4).toString('hex');
    const owner = `${process.pid.toString()}-${threadId.toString()}`;
    this.path = join(folder, `${head.keyId}-${owner}-${suffix}${JOURNAL_SUFFIX}`);
    this.#onFailure = onFailure;
    this.#head = { t: 'head', ...head };
    this.#descriptor = fs.openSync(this.path, 'ax', 0o600);
    try {
      this.#bytes = writeAll(this.#descriptor, textOf([this.#head]));
    } catch (error) {
      this.#attempt(() => {
        fs.closeSync(this.#descriptor);
        fs.rmSync(this.path, { force: true });
      });
      throw error;
    }
  }

  /** Never throws: the first failure is told to `onFailure` and ends the writing. */
  append(line: JournalLine): void {
    if (this.#descriptor < 0) return;
    this.#track(line);
    if (this.#failed) return;
    this.#attempt(() => {
      this.#bytes += writeAll(this.#descriptor, textOf([line]));
      if (this.#bytes > COMPACT_BYTES) this.#compact();
    });
  }

  /** Tells other processes that this one is alive, also after a failure: they must not replay its leases. */
  touch(wallMs: number): void {
    if (this.#descriptor < 0) return;
    this.#attempt(() => {
      fs.futimesSync(this.#descriptor, wallMs / 1_000, wallMs / 1_000);
    });
  }

  /** Closes the file; removes it when nothing in it is left to be done. */
  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#attempt(() => {
      fs.closeSync(descriptor);
    });
    if (this.#live.size > 0) return;
    this.#attempt(() => {
      fs.rmSync(this.path, { force: true });
    });
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (this.#failed) return;
      this.#failed = true;
      this.#onFailure(error);
    }
  }

  #track(line: JournalLine): void {
    if (line.t === 'head') return;
    if (line.t === 'end') {
      this.#live.delete(line.lease);
      return;
    }
    const lease = this.#live.get(line.lease) ?? new LiveLease();
    this.#live.set(line.lease, lease);
    lease.track(line);
  }

  #compact(): void {
    const text = textOf([
      this.#head,
      ...[...this.#live.values()].flatMap((lease) => lease.lines()),
    ]);
    const fresh = `${this.path}.new`;
    const descriptor = fs.openSync(fresh, 'w', 0o600);
    try {
      writeAll(descriptor, text);
      fs.renameSync(fresh, this.path);
    } catch (error) {
      fs.closeSync(descriptor);
      fs.rmSync(fresh, { force: true });
      throw error;
    }
    const old = this.#descriptor;
    this.#descriptor = descriptor;
    this.#bytes = -3 * text.length; // compact again when it has grown, not with every line
    fs.closeSync(old);
  }
}

function textOf(lines: readonly JournalLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A disk that is almost full takes a part of the text and reports no error until it is asked to take the rest. */
function writeAll(descriptor: number, text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  let written = 0;
  while (written < bytes.length) {
    const count = fs.writeSync(descriptor, bytes, written);
    if (count === 0) throw new Error('the disk takes nothing more');
    written += count;
  }
  return written;
}

/** What a journal says about one lease: enough to finish it in another process. */
export class LiveLease {
  sessionId = '';
  seq = 0;
  plan: WireSettlement | undefined;
  readonly #records = new Map<string, JournalLine & { t: 'hold' | 'usage' }>();
  #first: JournalLine | undefined;

  get records(): readonly WireUsageRecord[] {
    return [...this.#records.values()].map(({ usage }) => usage);
  }

  track(line: JournalLine): void {
    switch (line.t) {
      case 'lease':
        this.sessionId = line.session;
        this.#first = line;
        break;
      case 'hold':
      case 'usage':
        this.#records.delete(line.usage.id);
        this.#records.set(line.usage.id, line);
        break;
      case 'plan':
        this.plan = line.body;
        break;
      case 'undo':
        this.plan = undefined;
        break;
      case 'ack':
        this.seq = line.seq;
        for (const { id } of this.plan?.usage ?? []) this.#records.delete(id);
        this.plan = undefined;
        break;
      case 'head':
      case 'end':
        break;
    }
  }

  lines(): JournalLine[] {
    const lease = this.#first?.t === 'lease' ? this.#first.lease : '';
    const lines: JournalLine[] = this.#first === undefined ? [] : [this.#first];
    if (this.seq > 0) lines.push({ t: 'ack', lease, seq: this.seq });
    lines.push(...this.#records.values());
    if (this.plan !== undefined) lines.push({ t: 'plan', lease, body: this.plan });
    return lines;
  }
}
